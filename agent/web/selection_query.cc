// SPDX-License-Identifier: Apache-2.0
#include "agent/web/selection_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sonde {
namespace {

constexpr std::string_view kDefaultFrom = "-5m";
constexpr std::string_view kDefaultTo = "now";
constexpr std::array<std::string_view, 1> kTypes = {"cpu"};

Error wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

}  // namespace

Result<void> take_selection(const Parameters& from, std::int64_t now_ns, SelectionQuery& into) {
  const auto type = choice(from, "type", kTypes);
  if (!type) return type.error();
  into.type = kTypes.at(*type);
  const auto range =
      parse_time_range(from.value("from", kDefaultFrom), from.value("to", kDefaultTo), now_ns);
  if (!range) return range.error();
  into.range = *range;
  return add_filters(from, into.match);
}

Result<void> add_filters(const Parameters& from, std::vector<LabelMatcher>& into) {
  for (const std::string_view text : from.all("f")) {
    auto filter = parse_filter(text);
    if (!filter) return filter.error().with_context("f");
    if (into.size() == kMaxLabelMatchers) return wrong("f: more than 32 conditions");
    into.push_back(*std::move(filter));
  }
  return {};
}

Result<std::size_t> choice(const Parameters& from, std::string_view name,
                           std::span<const std::string_view> words) {
  const auto found = std::find(words.begin(), words.end(), from.value(name, words.front()));
  if (found == words.end()) return wrong(std::string(name) + ": not one of " + listed(words));
  return static_cast<std::size_t>(found - words.begin());
}

Result<std::uint64_t> number_of(const Parameters& from, std::string_view name,
                                std::uint64_t fallback, std::uint64_t least, std::uint64_t most) {
  const auto text = from.find(name);
  if (!text) return fallback;
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc() || end != text->data() + text->size() || out < least || out > most) {
    return wrong(std::string(name) + ": must be a number from " + std::to_string(least) + " to " +
                 std::to_string(most));
  }
  return out;
}

Result<bool> live_of(const Parameters& from) {
  constexpr std::array<std::string_view, 2> kSwitch = {"0", "1"};
  const auto live = choice(from, "live", kSwitch);
  if (!live) return live.error();
  return *live == 1;
}

bool is_label_name(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
  return plain && !text.empty() && (text[0] < '0' || text[0] > '9');
}

TimeRange in_whole_windows(const TimeRange& range, std::int64_t window_ns) {
  if (range.is_absolute) return range;
  TimeRange out = range;
  out.from_ns -= range.from_ns % window_ns;
  out.to_ns -= range.to_ns % window_ns;
  if (out.from_ns == out.to_ns) out.from_ns = std::max<std::int64_t>(out.from_ns - window_ns, 0);
  return out;
}

}  // namespace sonde
