// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/svg.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "core/model/aggregate.h"
#include "core/model/books.h"
#include "exporters/text/escape.h"
#include "exporters/text/figures.h"
#include "exporters/text/flame_tree.h"
#include "exporters/text/palette.h"
#include "exporters/text/short_name.h"
#include "exporters/text/stack_cut.h"
#include "exporters/text/web_page.h"

namespace sonde {
namespace {

constexpr double kWidth = 1200;  // of the frames, px
constexpr double kLeft = 16;
constexpr double kTop = 108;
constexpr double kRow = 18;
constexpr double kFoot = 34;
constexpr double kLabelFrom = 26;
constexpr double kLabelPadding = 9;
constexpr double kGapFrom = 3;
constexpr double kFontSize = 11.5;
constexpr std::size_t kMaxTitleBytes = 1024;

std::string px(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  std::string out = text.data();
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out;
}

// Width of a letter in ems, a little above that of the widest common face (DejaVu Sans).
double letter_ems(char c) {
  constexpr std::string_view kNarrow = "ijlI|!.,:;'`";
  constexpr std::string_view kSlim = "frt()[]{}-\"/\\ ";
  constexpr std::string_view kWide = "mwMW@%";
  if (kNarrow.find(c) != std::string_view::npos) return 0.34;
  if (kSlim.find(c) != std::string_view::npos) return 0.42;
  if (kWide.find(c) != std::string_view::npos) return 1.0;
  if (c >= 'A' && c <= 'Z') return 0.74;
  return 0.65;
}

// Characters outside ASCII count as one em, their further bytes as nothing.
double text_width(std::string_view text) {
  double ems = 0;
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x80) {
      ems += letter_ems(c);
    } else if ((byte & 0xc0U) != 0x80) {
      ems += 1;
    }
  }
  return ems * kFontSize;
}

// code: a function's name, which has shorter forms; other text only loses its tail.
std::string fitting_label(const std::string& name, bool code, double room) {
  const std::vector<std::string> forms = code ? name_forms(name) : std::vector{name};
  for (const std::string& form : forms) {
    if (text_width(form) <= room) return form;
  }
  const std::string& bare = forms.back();
  std::size_t end = 0;
  std::size_t letters = 0;
  double left = room - kFontSize;  // the ellipsis
  while (end < bare.size()) {
    std::size_t next = end + 1;
    while (next < bare.size() && (static_cast<std::uint8_t>(bare[next]) & 0xc0U) == 0x80) ++next;
    left -= text_width(std::string_view(bare).substr(end, next - end));
    if (left < 0) break;
    end = next;
    ++letters;
  }
  return letters >= 2 ? bare.substr(0, end) + "\xe2\x80\xa6" : std::string();
}

class SvgText {
 public:
  SvgText(const SymbolizedProfile& profile, const FlameTree& tree)
      : profile_(profile), tree_(tree), total_(std::max<std::uint64_t>(tree.nodes[0].total, 1)) {}

  std::string make() {
    std::uint32_t deepest = 0;
    for (const FlameNode& node : tree_.nodes) deepest = std::max(deepest, node.level);
    height_ = kTop + kRow * (deepest + 1) + kFoot;
    prepare_frames();
    begin();
    style();
    header();
    frames();
    foot();
    return std::move(out_);
  }

 private:
  struct Shape {
    std::string name;   // printable
    std::string group;  // class of the colour
    bool code = false;  // a function, not a group or frames put together
  };

  void prepare_frames() {
    for (const FlameFrame& frame : tree_.frames) {
      const std::string& image = profile_.images[frame.image].path;
      Shape shape{printable(tree_.names[frame.name]), {}, false};
      shape.code = frame.kind >= FlameKind::kOwn && frame.kind <= FlameKind::kUnresolved;
      const FlameShade shade = shade_of(frame.kind, image, shape.name);
      shape.group = 'k' + std::to_string(static_cast<unsigned>(shade.kind)) +
                    std::to_string(shade.hue_step) + std::to_string(shade.lightness_step);
      shades_.emplace(shape.group, shade);
      shapes_.push_back(std::move(shape));
    }
  }

  void begin() {
    out_ += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out_ += "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"" +
            px(kWidth + 2 * kLeft) + "\" height=\"" + px(height_) + "\" viewBox=\"0 0 " +
            px(kWidth + 2 * kLeft) + ' ' + px(height_) + "\" data-width=\"" + px(kWidth) +
            "\" data-left=\"" + px(kLeft) + "\" data-total=\"" + std::to_string(total_) +
            "\" role=\"img\">\n";
    // First, so that a browser need not look for the document's title again at every frame's.
    out_ += "<title>CPU flame graph of " + xml_text(host()) + "</title>\n";
  }

  [[nodiscard]] std::string host() const {
    return profile_.meta.host.empty() ? "an unknown host" : profile_.meta.host;
  }

  void rules(Theme theme) {
    const bool light = theme == Theme::kLight;
    out_ += std::string("svg{background:") + (light ? "#f5f6f8" : "#0e1116") + "}\n";
    out_ += std::string(".bg{fill:") + (light ? "#f5f6f8" : "#0e1116") + "}\n";
    out_ += std::string("text{fill:") + (light ? "#14181f" : "#e9edf2") + "}\n";
    out_ += std::string(".quiet{fill:") + (light ? "#47515e" : "#b1bbc7") + "}\n";
    out_ += std::string(".f text{fill:") + (light ? "#14181f" : "#ffffff") + "}\n";
    out_ += std::string(".f:hover rect{stroke:") + (light ? "#14181f" : "#ffffff") + "}\n";
    out_ += std::string(".line{stroke:") +
            (light ? "rgba(20,24,31,.16)" : "rgba(233,237,242,.16)") + "}\n";
    for (const auto& [group, shade] : shades_) {
      out_ += '.' + group + "{fill:" + shade_hex(shade, theme) + "}\n";
    }
    // Hatched: the colour comes from the pattern.
    out_ += ".k521,.k520,.k522,.k721{fill:url(#hatch)}\n";
    out_ += ".hatch{fill:" + shade_hex({FlameKind::kUnresolved}, theme) + "}\n";
    out_ += std::string(".searching .f rect{fill:") + (light ? "#e1e5eb" : "#1c222a") + "}\n";
    out_ += std::string(".searching .f text{fill:") + (light ? "#47515e" : "#8e99a7") + "}\n";
    out_ += ".searching .hit rect{fill:#ffe14d}\n.searching .hit text{fill:#14181f}\n";
  }

  void style() {
    for (unsigned kind = 1; kind <= 5; ++kind) {
      const FlameShade base{static_cast<FlameKind>(kind)};
      shades_.emplace("k" + std::to_string(kind) + "21", base);
    }
    out_ +=
        "<style>\ntext{font:11.5px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\","
        "\"Liberation Sans\",sans-serif;white-space:pre}\n.f{cursor:pointer}\n"
        ".f text{pointer-events:none}\n.above{opacity:.7}\n.head{font-size:16px;font-weight:600}"
        "\n.k021~text{font-weight:600}\n.k621~text{font-style:italic}\n#find{cursor:text}\n";
    rules(Theme::kLight);
    out_ += "@media screen and (prefers-color-scheme:dark){\n";
    rules(Theme::kDark);
    out_ +=
        "}\n</style>\n<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
        "patternUnits=\"userSpaceOnUse\"><rect class=\"hatch\" width=\"6\" height=\"6\"/>"
        "<path class=\"line\" d=\"M-1 1l2-2M0 6l6-6M5 7l2-2\"/></pattern></defs>\n"
        "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n";
  }

  void text(double x, double y, const char* attributes, const std::string& content) {
    out_ += "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\"" + attributes + '>' + xml_text(content) +
            "</text>\n";
  }

  [[nodiscard]] double share(std::uint64_t ticks) const {
    return static_cast<double>(ticks) / static_cast<double>(total_);
  }

  [[nodiscard]] std::string recording_line() const {
    const ProfileMeta& meta = profile_.meta;
    std::string out;
    if (meta.begin_ns != 0) {
      out += utc_text(meta.begin_ns) + " to " +
             utc_text(meta.begin_ns + meta.duration_ns).substr(11) + " UTC   ";
    }
    const std::uint64_t cpu_ns = tree_.nodes[0].total * tree_.tick_ns;
    out += time_text(cpu_ns) + " CPU";
    if (meta.duration_ns != 0 && meta.cpu_count != 0) {
      std::array<char, 48> cores{};
      std::snprintf(cores.data(), cores.size(), " (%.2f of %u cores)",
                    static_cast<double>(cpu_ns) / static_cast<double>(meta.duration_ns),
                    meta.cpu_count);
      out += cores.data();
    }
    out += "   " + count_text(tree_.trust.samples) + " samples";
    if (meta.rate_hz != 0) out += " at " + std::to_string(meta.rate_hz) + " Hz";
    return out;
  }

  [[nodiscard]] std::string trust_line() const {
    std::uint64_t lost = 0;
    for (const auto& [reason, count] : profile_.meta.lost) lost += count;
    std::string out =
        percent_text(whole_share(tree_.trust.whole, tree_.trust.samples, tree_.trust.early)) +
        " whole stacks   " + count_text(lost) + " lost (" +
        percent_text(lost_share(profile_.meta, tree_.trust.samples)) + ")";
    if (tree_.trust.early != 0) {
      out += "   " + count_text(tree_.trust.early) + " before their code was known";
    }
    for (const auto& [reason, count] : profile_.meta.lost) {
      if (count != 0) out += "   " + reason + ' ' + count_text(count);
    }
    if (tree_.folded_nodes != 0) {
      out += "   the " + count_text(tree_.folded_nodes) + " smallest frames (" +
             percent_text(share(tree_.folded_ticks)) + ") are put together";
    }
    return out;
  }

  void header() {
    text(kLeft, 28, " class=\"head\"", host());
    text(kLeft, 48, " class=\"quiet\"", recording_line());
    text(kLeft, 66, " class=\"quiet\"", trust_line());
    text(kLeft + kWidth, 28, " id=\"find\" class=\"quiet\" text-anchor=\"end\"", "");
    legend();
  }

  void legend() {
    constexpr std::array<const char*, 6> kWords = {"",       "own",           "library",
                                                   "kernel", "runtime / JIT", "unresolved"};
    std::array<std::uint64_t, 8> ticks{};
    for (const FlameNode& node : tree_.nodes) {
      ticks[static_cast<std::size_t>(tree_.frames[node.frame].kind)] += node.self;
    }
    double x = kLeft;
    for (std::size_t kind = 1; kind < kWords.size(); ++kind) {
      if (ticks[kind] == 0) continue;
      const std::string label = std::string(kWords[kind]) + ' ' + percent_text(share(ticks[kind]));
      out_ += "<rect class=\"k" + std::to_string(kind) + "21\" x=\"" + px(x) + "\" y=\"" +
              px(kTop - 26) + "\" width=\"10\" height=\"10\" rx=\"2\"/>\n";
      text(x + 15, kTop - 17, "", label);
      x += 15 + text_width(label) + 12;
    }
  }

  void frames() {
    std::vector<std::uint64_t> begin(tree_.nodes.size());
    std::vector<std::uint64_t> filled(tree_.nodes.size());
    const double scale = kWidth / static_cast<double>(total_);
    for (std::size_t i = 0; i < tree_.nodes.size(); ++i) {
      const FlameNode& node = tree_.nodes[i];
      if (i != 0) {
        begin[i] = begin[node.parent] + filled[node.parent];
        filled[node.parent] += node.total;
      }
      frame(node, begin[i], scale);
    }
  }

  void frame(const FlameNode& node, std::uint64_t begin, double scale) {
    const Shape& shape = shapes_[node.frame];
    const double x = kLeft + static_cast<double>(begin) * scale;
    const double full = static_cast<double>(node.total) * scale;
    const double width = full > kGapFrom ? full - 1 : full;
    const double y = kTop + kRow * node.level;
    out_ += "<g class=\"f\" data-x=\"" + std::to_string(begin) + "\" data-t=\"" +
            std::to_string(node.total) + "\" data-l=\"" + std::to_string(node.level) +
            "\"><title>" + title(node, shape) + "</title><rect class=\"" + shape.group + "\" x=\"" +
            px(x) + "\" y=\"" + px(y) + "\" width=\"" + px(width) + "\" height=\"17\"/>";
    if (width >= kLabelFrom) {
      const std::string label = fitting_label(shape.name, shape.code, width - kLabelPadding);
      if (!label.empty()) {
        out_ += "<text x=\"" + px(x + 5) + "\" y=\"" + px(y + 12.5) + "\">" + xml_text(label) +
                "</text>";
      }
    }
    out_ += "</g>\n";
  }

  [[nodiscard]] std::string title(const FlameNode& node, const Shape& shape) const {
    const FlameFrame& frame = tree_.frames[node.frame];
    std::string out = xml_text(cut_text(shape.name, kMaxTitleBytes)) + '\n';
    out += xml_text("total " + percent_text(share(node.total)) + " (" +
                    time_text(node.total * tree_.tick_ns) + "), self " +
                    percent_text(share(node.self)));
    const std::string& path = profile_.images[frame.image].path;
    if (!path.empty()) out += "\n" + xml_text(cut_text(path_base(path), kMaxTitleBytes));
    if (!frame.reason.empty()) out += "\n" + xml_text(frame.reason);
    return out;
  }

  void foot() {
    text(kLeft, height_ - 12, " id=\"about\"", "");
    out_ += "<text id=\"probe\" visibility=\"hidden\"></text>\n<script><![CDATA[\n";
    out_ += svg_script();
    out_ += "]]></script>\n</svg>\n";
  }

  const SymbolizedProfile& profile_;
  const FlameTree& tree_;
  const std::uint64_t total_;
  double height_ = 0;
  std::vector<Shape> shapes_;
  std::map<std::string, FlameShade> shades_;
  std::string out_;
};

}  // namespace

std::string encode_svg(const SymbolizedProfile& profile) {
  const FlameTree tree = FlameTree::build(profile, kMaxFramesOfSvg);
  return SvgText(profile, tree).make();
}

}  // namespace sonde
