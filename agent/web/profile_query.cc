// SPDX-License-Identifier: Apache-2.0
#include "agent/web/profile_query.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/web/parameters.h"
#include "core/base/ascii.h"

namespace sonde {
namespace {

constexpr std::array<std::string_view, 1> kRepeated = {"f"};
constexpr std::array<std::string_view, 6> kFormats = {"json", "folded", "pprof",
                                                      "svg",  "html",   "speedscope"};
constexpr std::size_t kMaxGroups = 2;
constexpr std::size_t kMaxPath = 512;  // frames of a stack
constexpr std::size_t kMaxNodes = 1'000'000;

Error wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

Result<std::vector<std::string>> groups_of(std::string_view text) {
  std::vector<std::string> out;
  if (text == "none") return out;
  const auto labels = std::count(text.begin(), text.end(), ',') + 1;
  for (std::ptrdiff_t i = 0; i < labels; ++i) {
    const std::string_view key = next_part(text, ',');
    if (!is_label_name(key)) return wrong("g: must be a label, two of them with a comma, or none");
    out.emplace_back(key);
  }
  if (out.size() > kMaxGroups) return wrong("g: more than two labels");
  return out;
}

Result<FrameName> frame_of(std::string_view text) {
  const bool has_image = text.find('@') != std::string_view::npos;
  auto name = percent_decode(next_part(text, '@'), PlusSign::kPlus);
  if (!name) return name.error().with_context("root");
  if (name->empty()) return wrong("root: a frame without a name");
  FrameName out{*std::move(name), std::nullopt};
  if (!has_image) return out;
  auto image = percent_decode(text, PlusSign::kPlus);
  if (!image) return image.error().with_context("root");
  out.image = *std::move(image);
  return out;
}

Result<std::vector<FrameName>> path_of(std::string_view text) {
  std::vector<FrameName> out;
  while (!text.empty()) {
    if (out.size() == kMaxPath) return wrong("root: more than 512 frames");
    auto frame = frame_of(next_part(text, '/'));
    if (!frame) return frame.error();
    out.push_back(*std::move(frame));
  }
  return out;
}

// afrom and ato, which stand together or not at all.
Result<std::optional<TimeRange>> before_of(const Parameters& from, std::int64_t now_ns) {
  const auto begin = from.find("afrom");
  const auto end = from.find("ato");
  if (!begin && !end) return std::optional<TimeRange>();
  if (!begin || !end) return wrong("afrom and ato stand together");
  const auto range = parse_time_range(*begin, *end, now_ns);
  if (!range) return range.error().with_context("the range before");
  return std::optional(*range);
}

}  // namespace

Result<ProfileQuery> parse_profile_query(std::string_view query, std::int64_t now_ns) {
  constexpr std::array<std::string_view, 5> kNames = {"type", "from", "to", "match", "format"};
  const auto given = Parameters::parse(query, kNames, kRepeated);
  if (!given) return given.error();
  ProfileQuery out;
  auto match = parse_selector(given->value("match", "{}"));
  if (!match) return match.error().with_context("match");
  out.match = *std::move(match);
  if (auto taken = take_selection(*given, now_ns, out); !taken) return taken.error();
  const auto format = choice(*given, "format", kFormats);
  if (!format) return format.error();
  out.format = static_cast<ProfileFormat>(*format);
  return out;
}

Result<FlameQuery> parse_flame_query(std::string_view query, std::int64_t now_ns) {
  constexpr std::array<std::string_view, 9> kNames = {"type", "from", "to",    "g",  "root",
                                                      "max",  "live", "afrom", "ato"};
  const auto given = Parameters::parse(query, kNames, kRepeated);
  if (!given) return given.error();
  FlameQuery out;
  if (auto taken = take_selection(*given, now_ns, out); !taken) return taken.error();
  const auto before = before_of(*given, now_ns);
  if (!before) return before.error();
  out.before = *before;
  auto group = groups_of(given->value("g", "process"));
  if (!group) return group.error();
  out.group = *std::move(group);
  auto root = path_of(given->value("root", ""));
  if (!root) return root.error();
  out.root = *std::move(root);
  const auto max = number_of(*given, "max", out.max_nodes, 1, kMaxNodes);
  if (!max) return max.error();
  out.max_nodes = *max;
  const auto live = live_of(*given);
  if (!live) return live.error();
  out.live = *live;
  return out;
}

}  // namespace sonde
