// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/output_format.h"

#include <array>

#include "exporters/pprof/encode.h"
#include "exporters/text/folded.h"
#include "exporters/text/html.h"
#include "exporters/text/speedscope.h"
#include "exporters/text/svg.h"

namespace sonde {
namespace {

struct Format {
  OutputFormat format;
  std::string_view name;
  std::array<std::string_view, 2> extensions;
};

// `.json` stands behind `.speedscope.json`: the longest extension wins by order.
constexpr std::array kFormats = {
    Format{OutputFormat::kPprof, "pprof", {".pb.gz", ".pprof"}},
    Format{OutputFormat::kFolded, "folded", {".folded", ".txt"}},
    Format{OutputFormat::kSvg, "svg", {".svg", ""}},
    Format{OutputFormat::kHtml, "html", {".html", ".htm"}},
    Format{OutputFormat::kSpeedscope, "speedscope", {".speedscope.json", ".json"}},
};

}  // namespace

std::optional<OutputFormat> format_of_path(std::string_view path) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  for (const Format& format : kFormats) {
    for (const std::string_view extension : format.extensions) {
      // A file that is called `.svg` and nothing else has no extension.
      if (!extension.empty() && file.size() > extension.size() && file.ends_with(extension)) {
        return format.format;
      }
    }
  }
  return std::nullopt;
}

std::optional<OutputFormat> format_of_name(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return format.format;
  }
  return std::nullopt;
}

std::string_view name_of(OutputFormat format) {
  for (const Format& one : kFormats) {
    if (one.format == format) return one.name;
  }
  return "";
}

std::string known_extensions() {
  std::string out;
  for (const Format& format : kFormats) {
    if (!out.empty()) out += ", ";
    for (const std::string_view extension : format.extensions) {
      if (extension.empty()) continue;
      out.append(extension).append(" ");
    }
    out.append("(").append(format.name).append(")");
  }
  return out;
}

Result<std::string> encode_profile(const SymbolizedProfile& profile, OutputFormat format) {
  switch (format) {
    case OutputFormat::kPprof:
      return encode_pprof(profile);
    case OutputFormat::kFolded:
      return encode_folded(profile);
    case OutputFormat::kSvg:
      return encode_svg(profile);
    case OutputFormat::kHtml:
      return encode_html(profile);
    case OutputFormat::kSpeedscope:
      return encode_speedscope(profile);
  }
  return Error{ErrorCode::kUnimplemented, "format"};
}

}  // namespace sonde
