// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/golang/stack_rules.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sonde {
namespace {

constexpr std::uint64_t kMaxSpecialBytes = 4096;
constexpr std::int64_t kMaxFarWords = std::int64_t{1} << 30;

// The return address lies that many bytes above the stack pointer. A function with a frame has
// saved the caller's frame pointer right below its return address (since 1.7).
std::optional<RowRule> rule_of(std::int64_t bytes) {
  const std::int64_t words = bytes / 8 + 1;
  if (bytes < 0 || bytes % 8 != 0 || words > kMaxFarWords) return std::nullopt;
  if (words > std::numeric_limits<std::int16_t>::max()) {
    return RowRule::from({.offset = 0,
                          .cfa = SONDE_CFA_FAR_RSP | 2U << 4U,
                          .flags = 0,
                          .cfa_param = static_cast<std::int16_t>(words & 0xffff),
                          .rbp_param = static_cast<std::int16_t>(words >> 16)});
  }
  const bool has_frame = bytes > 0;
  return RowRule::from(
      {.offset = 0,
       .cfa = SONDE_CFA_RSP,
       .flags = static_cast<std::uint8_t>(has_frame ? SONDE_RBP_CFA : SONDE_RBP_SAME),
       .cfa_param = static_cast<std::int16_t>(words),
       .rbp_param = static_cast<std::int16_t>(has_frame ? -2 : 0)});
}

// Puts `inner`, pairs of a rule and its end in ascending order, over `rules`.
std::vector<PlacedRule> lay_over(std::span<const PlacedRule> rules,
                                 std::span<const PlacedRule> inner) {
  std::vector<PlacedRule> result;
  result.reserve(rules.size() + inner.size());
  std::size_t next = 0;
  RowRule in_force;
  const auto below = [&](std::uint64_t limit, bool keep) {
    for (; next < rules.size() && rules[next].file_offset < limit; ++next) {
      in_force = rules[next].rule;
      if (keep) result.push_back(rules[next]);
    }
  };
  for (std::size_t i = 0; i + 1 < inner.size(); i += 2) {
    below(inner[i].file_offset, true);
    result.push_back(inner[i]);
    below(inner[i + 1].file_offset + 1, false);
    result.push_back({inner[i + 1].file_offset, in_force});
  }
  below(~std::uint64_t{0}, true);
  return result;
}

}  // namespace

GoStackRules GoStackRules::load(const ElfFile& file, std::size_t max_rules) {
  GoStackRules result;
  result.max_rules_ = max_rules;
  auto table = GoFunctionTable::open(file);
  if (!table) return result;
  std::uint64_t end = 0;
  for (std::uint32_t i = 0; i < table->count(); ++i) {
    const auto function = table->function(i);
    if (!function || function->begin < end) continue;  // hostile tables may not be in order
    if (function->begin != end) result.set(end, RowRule{});
    result.add(*table, *function);
    end = function->end;
    const std::uint64_t bytes = end - function->begin;
    if (bytes > std::numeric_limits<std::uint32_t>::max() || end >> 32U != 0) break;
    result.extents_.emplace_back(function->begin, static_cast<std::uint32_t>(bytes));
  }
  result.set(end, RowRule{});
  result.add_switches(file);
  return result;
}

void GoStackRules::set(std::uint64_t begin, RowRule rule) {
  if (!rules_.empty() && rules_.back().rule == rule) return;
  if (!rules_.empty() && rules_.back().file_offset == begin) {
    rules_.back().rule = rule;
  } else if (rules_.size() == max_rules_) {
    ++over_budget_;
  } else if (!rules_.empty() || !rule.is_none()) {
    rules_.push_back({begin, rule});
  }
}

void GoStackRules::add(GoFunctionTable& table, const GoFunction& function) {
  const GoSpecial special = go_special(table.name_of(function));
  switch (special) {
    case GoSpecial::kRoot:
      set(function.begin, simple_rule(SONDE_CFA_END));
      return;
    // These are returned to at their first byte, and a walk looks one byte before.
    case GoSpecial::kSignalReturn:
      set(function.begin - 1, simple_rule(SONDE_CFA_SIGNAL));
      return;
    case GoSpecial::kReturnedTo:
      set(function.begin - 1, RowRule::from({.offset = 0,
                                             .cfa = SONDE_CFA_RSP,
                                             .flags = SONDE_ROW_NOT_CALLED,
                                             .cfa_param = 1,
                                             .rbp_param = 0}));
      add_deltas(table, function);
      return;
    default:
      add_deltas(table, function);
      if (special != GoSpecial::kNone) specials_.push_back({special, function});
  }
}

void GoStackRules::add_deltas(GoFunctionTable& table, const GoFunction& function) {
  set(function.begin, RowRule{});
  table.deltas_of(function, [&](std::uint64_t begin, std::int64_t bytes) {
    const auto rule = rule_of(bytes);
    if (!rule) ++cfa_range_;
    set(begin, rule.value_or(simple_rule(SONDE_CFA_UNSUPPORTED)));
  });
}

void GoStackRules::add_switches(const ElfFile& file) {
  struct Code {
    GoSpecial special;
    std::uint64_t begin;
    ByteBuffer bytes;
  };
  std::vector<Code> codes;
  GoSwitch layout;
  for (const auto& [special, function] : specials_) {
    const std::uint64_t size = std::min(function.end - function.begin, kMaxSpecialBytes);
    auto bytes = file.read(function.begin, size, kMaxSpecialBytes);
    if (!bytes) continue;
    if (special == GoSpecial::kSystemStack) layout = read_go_switch(bytes->span());
    codes.push_back({special, function.begin, std::move(*bytes)});
  }
  const InstructionDecoder decoder;
  std::vector<PlacedRule> switched;
  for (const Code& code : codes) {
    const auto some = switched_rules(code.special, code.begin, code.bytes.span(), layout, decoder);
    switched.insert(switched.end(), some.begin(), some.end());
  }
  unknown_switches_ += static_cast<std::uint64_t>(
      std::ranges::count(switched, simple_rule(SONDE_CFA_UNSUPPORTED), &PlacedRule::rule));
  rules_ = lay_over(rules_, switched);
}

void GoStackRules::count_into(RowClassCounts& classes) const {
  classes[static_cast<std::size_t>(RowClass::kCfaRange)] += cfa_range_;
  classes[static_cast<std::size_t>(RowClass::kGoSwitch)] += unknown_switches_;
  classes[static_cast<std::size_t>(RowClass::kGoBudget)] += over_budget_;
}

void GoStackRules::hash_into(Sha256& hash) const {
  // The numbers first: no other rules and extents may be the same bytes in a row.
  hash.update_value(std::uint64_t{rules_.size()});
  hash.update_value(std::uint64_t{extents_.size()});
  hash.update(std::as_bytes(std::span(rules_)));
  hash.update(std::as_bytes(std::span(extents_)));
}

}  // namespace sonde
