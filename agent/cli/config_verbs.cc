// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/config_verbs.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/cli/exit_code.h"
#include "agent/cli/text.h"
#include "core/base/file.h"
#include "core/base/utf8.h"
#include "exporters/text/escape.h"

namespace sonde {
namespace {

int write_out(const std::string& text, int code) {
  if (const auto written = write_all(1, text); !written) {
    return fail(kExitError, "cannot write to stdout: " + written.error().message);
  }
  return code;
}

// A value as a YAML scalar that is read back as it is: plain where nothing in it could be taken for
// syntax, else in double quotes, where what a terminal would not show is an escape.
std::string yaml_scalar(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '.' || c == '_' || c == '-' || c == ':';
  });
  if (plain && !text.ends_with(':')) return text;
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_char_at(text, at);
    if (is_hidden_code_point(c.code_point)) {
      out += fmt::format("\\U{:08x}", c.code_point);
    } else {
      if (c.code_point == '"' || c.code_point == '\\') out += '\\';
      out += text.substr(at, c.bytes);
    }
    at += c.bytes;
  }
  return out + "\"";
}

}  // namespace

std::string render_validation(const LoadedConfig& loaded, const Pen& pen) {
  std::string out;
  for (const std::string& problem : loaded.problems) {
    out += pen.paint(pen.sign("✗", "X"), Colour::kRed) + " " + pen.name(problem) + "\n";
  }
  for (const std::string& note : loaded.notes) {
    out += pen.paint("!", Colour::kYellow) + " " + pen.name(note) + "\n";
  }
  const std::string what =
      loaded.file.empty() ? "the configuration (no file)" : pen.name(loaded.file);
  if (loaded.config) return out + what + " is valid.\n";
  const std::size_t count = loaded.problems.size();
  return out + std::to_string(count) + (count == 1 ? " problem" : " problems") + ".\n";
}

Json validation_json(const LoadedConfig& loaded) {
  return {{"valid", loaded.config.has_value()},
          {"file", loaded.file.empty() ? Json(nullptr) : Json(loaded.file)},
          {"problems", loaded.problems},
          {"notes", loaded.notes}};
}

std::string render_config(const LoadedConfig& loaded) {
  std::vector<std::string> lines;
  std::size_t width = 0;
  for (const ConfigValue& value : loaded.values) {
    lines.push_back(value.key + ": " + yaml_scalar(value.text));
    width = std::max(width, display_width(lines.back()));
  }
  std::string out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    out += pad_right(lines[i], width) + "  # " + printable(loaded.values[i].source) + "\n";
  }
  return out;
}

Json config_json(const LoadedConfig& loaded) {
  Json out = Json::object();
  for (const ConfigValue& value : loaded.values) {
    out[value.key] = {{"value", value.text}, {"source", value.source}};
  }
  return out;
}

int run_validate(const ValidateOptions& options) {
  const Pen pen(detect_terminal(1, options.colour));
  const LoadedConfig loaded = load_config(config_sources(options.config));
  return write_out(
      options.json ? json_text(validation_json(loaded)) + "\n" : render_validation(loaded, pen),
      loaded.config ? kExitOk : kExitError);
}

int run_config_print(const ConfigPrintOptions& options) {
  const LoadedConfig loaded = load_config(config_sources(options.config));
  if (!loaded.config) {
    std::string all;
    for (const std::string& problem : loaded.problems) all += (all.empty() ? "" : "\n") + problem;
    return fail(kExitError, all);
  }
  return write_out(options.json ? json_text(config_json(loaded)) + "\n" : render_config(loaded),
                   kExitOk);
}

}  // namespace sonde
