// SPDX-License-Identifier: Apache-2.0
#include "agent/web/profile_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "agent/web/parameters.h"
#include "core/base/ascii.h"

namespace sonde {
namespace {

constexpr std::string_view kDefaultFrom = "-5m";
constexpr std::string_view kDefaultTo = "now";
constexpr std::array<std::string_view, 1> kRepeated = {"f"};
constexpr std::array<std::string_view, 1> kTypes = {"cpu"};
constexpr std::array<std::string_view, 6> kFormats = {"json", "folded", "pprof",
                                                      "svg",  "html",   "speedscope"};
constexpr std::size_t kMaxGroups = 2;
constexpr std::size_t kMaxPath = 512;  // frames of a stack
constexpr std::size_t kMaxNodes = 1'000'000;

Error wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

// The place of a parameter's value among those that it may have.
Result<std::size_t> choice(const Parameters& from, std::string_view name,
                           std::span<const std::string_view> words) {
  const auto found = std::find(words.begin(), words.end(), from.value(name, words.front()));
  if (found == words.end()) return wrong(std::string(name) + ": not one of " + listed(words));
  return static_cast<std::size_t>(found - words.begin());
}

Result<std::vector<std::string>> groups_of(std::string_view text) {
  std::vector<std::string> out;
  if (text == "none") return out;
  const auto labels = std::count(text.begin(), text.end(), ',') + 1;
  for (std::ptrdiff_t i = 0; i < labels; ++i) {
    const std::string_view key = next_part(text, ',');
    const bool plain = std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
    if (key.empty() || !plain || (key[0] >= '0' && key[0] <= '9')) {
      return wrong("g: must be a label, two of them with a comma, or none");
    }
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

Result<std::size_t> max_of(std::string_view text) {
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out < 1 || out > kMaxNodes) {
    return wrong("max: must be a number from 1 to " + std::to_string(kMaxNodes));
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

// Each `f`, behind the conditions that are there already.
Result<void> add_filters(const Parameters& from, std::vector<LabelMatcher>& into) {
  for (const std::string_view text : from.all("f")) {
    auto filter = parse_filter(text);
    if (!filter) return filter.error().with_context("f");
    if (into.size() == kMaxLabelMatchers) return wrong("f: more than 32 conditions");
    into.push_back(*std::move(filter));
  }
  return {};
}

// What both queries have.
template <typename Query>
Result<void> take_common(const Parameters& from, std::int64_t now_ns, Query& into) {
  const auto type = choice(from, "type", kTypes);
  if (!type) return type.error();
  into.type = kTypes.at(*type);
  const auto range =
      parse_time_range(from.value("from", kDefaultFrom), from.value("to", kDefaultTo), now_ns);
  if (!range) return range.error();
  into.range = *range;
  return {};
}

}  // namespace

Result<ProfileQuery> parse_profile_query(std::string_view query, std::int64_t now_ns) {
  constexpr std::array<std::string_view, 5> kNames = {"type", "from", "to", "match", "format"};
  const auto given = Parameters::parse(query, kNames, kRepeated);
  if (!given) return given.error();
  ProfileQuery out;
  if (auto taken = take_common(*given, now_ns, out); !taken) return taken.error();
  auto match = parse_selector(given->value("match", "{}"));
  if (!match) return match.error().with_context("match");
  out.match = *std::move(match);
  if (auto added = add_filters(*given, out.match); !added) return added.error();
  const auto format = choice(*given, "format", kFormats);
  if (!format) return format.error();
  out.format = static_cast<ProfileFormat>(*format);
  return out;
}

Result<FlameQuery> parse_flame_query(std::string_view query, std::int64_t now_ns) {
  constexpr std::array<std::string_view, 9> kNames = {"type", "from", "to",    "g",  "root",
                                                      "max",  "live", "afrom", "ato"};
  constexpr std::array<std::string_view, 2> kSwitch = {"0", "1"};
  const auto given = Parameters::parse(query, kNames, kRepeated);
  if (!given) return given.error();
  FlameQuery out;
  if (auto taken = take_common(*given, now_ns, out); !taken) return taken.error();
  const auto before = before_of(*given, now_ns);
  if (!before) return before.error();
  out.before = *before;
  if (auto added = add_filters(*given, out.match); !added) return added.error();
  auto group = groups_of(given->value("g", "process"));
  if (!group) return group.error();
  out.group = *std::move(group);
  auto root = path_of(given->value("root", ""));
  if (!root) return root.error();
  out.root = *std::move(root);
  const auto max = max_of(given->value("max", "120000"));
  if (!max) return max.error();
  out.max_nodes = *max;
  const auto live = choice(*given, "live", kSwitch);
  if (!live) return live.error();
  out.live = *live == 1;
  return out;
}

}  // namespace sonde
