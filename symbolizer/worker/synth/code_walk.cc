// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/synth/code_walk.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace sonde {
namespace {

constexpr std::size_t kMaxPending = 1U << 15;  // of each list; 12 MiB
constexpr std::size_t kMaxDispatches = 1U << 12;
constexpr std::size_t kMaxDispatchesPerFunction = 4;
constexpr std::size_t kMaxRules = 0xfffd;
constexpr std::uint64_t kLeastTrials = 1U << 16;
constexpr std::size_t kMostTrials = 1U << 21;  // about a second
constexpr std::uint32_t kFarthestFunction = 1U << 16;
constexpr int kDataInstructions = 64;
constexpr std::size_t kDecoded = 1U << 13;  // a power of two; 0.5 MiB

// mov $15, %rax; syscall: what signal handlers return to. As glibc and musl write it, as Go does.
constexpr std::array<std::uint8_t, 9> kSignalReturn = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
constexpr std::array<std::uint8_t, 7> kShortSignalReturn = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};

}  // namespace

CodeWalk::CodeWalk(ByteSpan code, std::span<const CodeEntry> entries, RowClassCounts& classes)
    : code_(code),
      entries_(entries),
      classes_(classes),
      decoded_(std::min(code.size(), kDecoded) == kDecoded ? kDecoded : kDecoded >> 5U),
      boundary_(code.size()),
      start_(code.size()),
      seen_(code.size()),
      trial_budget_(std::min(code.size(), kMostTrials) + kLeastTrials) {
  intern(RowRule{});
}

void CodeWalk::walk() {
  for (const CodeEntry& entry : entries_) {
    if (entry.kind != EntryKind::kLabel) boundary_[entry.at] = true;
  }
  mark_signal_returns();
  for (const CodeEntry& entry : entries_) {
    begin(entry);
    settle();
  }
  // What no jump led to: cases of switches, functions that only pointers know, labels. Those that
  // lead to known code first, because more may lead to them.
  adopt_all_orphans(false);
  adopt_all_orphans(true);
}

void CodeWalk::adopt_all_orphans(bool guess) {
  const auto size = static_cast<std::uint32_t>(code_.size());
  std::uint32_t first = 0;
  for (std::uint32_t at = 1; at <= size; ++at) {
    if (at < size && !boundary_[at]) continue;
    adopt_orphans(first, at, guess);
    first = at;
  }
}

// The walk looks one byte before a return address, and the kernel made this one: the byte before
// the trampoline has its rule too.
void CodeWalk::mark_signal_returns() {
  const std::uint16_t rule = intern(synthesised(simple_rule(SONDE_CFA_SIGNAL)));
  const auto mark_all = [&](ByteSpan pattern) {
    for (auto from = code_.begin();;) {
      const auto hit = std::search(from, code_.end(), pattern.begin(), pattern.end());
      if (hit == code_.end()) return;
      const auto at = static_cast<std::size_t>(hit - code_.begin());
      std::fill_n(seen_.begin() + static_cast<std::ptrdiff_t>(at), pattern.size(), kInside);
      seen_[at] = rule;
      if (at > 0) seen_[at - 1] = rule;
      boundary_[at] = start_[at] = true;
      from = hit + 1;
    }
  };
  mark_all(kSignalReturn);
  mark_all(kShortSignalReturn);
}

void CodeWalk::begin(const CodeEntry& entry) {
  if (entry.kind == EntryKind::kLabel) return;
  start_[entry.at] = true;
  if (seen_[entry.at] != kUnseen) return;
  FrameState state = FrameState::at_entry(entry.kind == EntryKind::kLinkage ? 1 : 0);
  if (entry.kind == EntryKind::kProcess) state.end();
  function_ = entry.at;
  run(entry.at, state);
}

// More rules than numbers: the first rule, which is none.
std::uint16_t CodeWalk::intern(RowRule rule) {
  if (last_number_ != 0 && rules_[last_number_ - 1U] == rule) return last_number_;
  const auto [found, is_new] =
      rule_numbers_.try_emplace(rule.bits, static_cast<std::uint16_t>(rules_.size() + 1));
  if (is_new && rules_.size() == kMaxRules) {
    rule_numbers_.erase(found);
    return 1;
  }
  if (is_new) rules_.push_back(rule);
  last_number_ = found->second;
  return last_number_;
}

void CodeWalk::mark(std::uint32_t at, std::uint8_t length, const FrameState& state) {
  const FrameRule rule = state.rule();
  if (rule.unknown) count(*rule.unknown);
  if (observer_) observer_(at, state);
  ++instructions_;
  seen_[at] = intern(rule.rule);
  for (std::uint32_t i = at + 1; i < at + length; ++i) {
    if (seen_[i] == kUnseen) seen_[i] = kInside;
  }
}

const Instruction* CodeWalk::instruction_at(std::uint64_t at) const {
  Decoded& slot = decoded_[at & (decoded_.size() - 1)];
  if (slot.at != at) {
    slot.at = static_cast<std::uint32_t>(at);
    slot.is_valid = decoder_.decode(code_.subspan(static_cast<std::size_t>(at)), slot.instruction);
  }
  return slot.is_valid ? &slot.instruction : nullptr;
}

void CodeWalk::run(std::uint32_t at, FrameState state) {
  const std::uint32_t first = at;
  while (at < code_.size()) {
    if (at != first && is_function(at)) return;
    if (seen_[at] != kUnseen) {
      if (compare(at, state) == Verdict::kContradicts) count(RowClass::kSynthConflict);
      return;
    }
    const Instruction* instruction = instruction_at(at);
    if (instruction == nullptr) return;
    mark(at, instruction->length, state);
    if (!transfer(at, *instruction, state)) return;
  }
}

// Moves on to the next instruction; false where the flow ends.
bool CodeWalk::transfer(std::uint32_t& at, const Instruction& instruction, FrameState& state) {
  const std::int64_t target = std::int64_t{at} + instruction.target;
  const std::uint32_t next = at + instruction.length;
  at = next;
  switch (instruction.flow) {
    case Flow::kNext: {
      const bool clears = instruction.action == Action::kClear && instruction.destination == kRbp &&
                          state.holds_only_rbp();
      state.apply(instruction);
      if (clears && is_outermost(next)) state.end();
      return true;
    }
    case Flow::kCall: {
      if (instruction.is_direct && target == next) {
        // Position-independent code asks where it is.
        Instruction push;
        push.action = Action::kPush;
        state.apply(push);
        return true;
      }
      if (instruction.is_direct) note_called(static_cast<std::uint64_t>(target));
      state.apply(instruction);
      if (next >= code_.size() || is_function(next) || seen_[next] != kUnseen) return false;
      if (after_calls_.size() == kMaxPending) {
        count(RowClass::kSynthConflict);
        return false;
      }
      after_calls_.push_back({next, state});
      std::push_heap(after_calls_.begin(), after_calls_.end());
      return false;
    }
    case Flow::kBranch:
      jump(static_cast<std::uint64_t>(target), state);
      return true;
    case Flow::kJump:
      jump(static_cast<std::uint64_t>(target), state);
      return false;
    case Flow::kIndirectJump: {
      if (dispatches_.size() == kMaxDispatches && !dispatches_.contains(function_)) return false;
      auto& states = dispatches_[function_];
      if (states.size() < kMaxDispatchesPerFunction && std::ranges::count(states, state) == 0) {
        states.push_back(state);
      }
      return false;
    }
    case Flow::kReturn:
      if (state.knows_rsp() && !state.is_at_return()) count(RowClass::kSynthReturn);
      return false;
    case Flow::kTrap:
      return false;
  }
  return false;
}

// A jump to a function is a tail call: that one's frame is its own.
void CodeWalk::jump(std::uint64_t target, const FrameState& state) {
  if (target >= code_.size() || is_function(target)) return;
  const auto at = static_cast<std::uint32_t>(target);
  if (seen_[at] != kUnseen) {
    if (compare(at, state) == Verdict::kContradicts) count(RowClass::kSynthConflict);
  } else if (branches_.size() == kMaxPending) {
    count(RowClass::kSynthConflict);
  } else {
    branches_.push_back({at, state});
  }
}

// A called function may not come back (abort): what lies behind such a call is told by the jumps
// that lead there, so these go first, and padding behind a call may be a function's end.
void CodeWalk::drain() {
  while (true) {
    if (!branches_.empty()) {
      const Pending next = branches_.back();
      branches_.pop_back();
      run(next.at, next.state);
      continue;
    }
    if (after_calls_.empty()) return;
    std::pop_heap(after_calls_.begin(), after_calls_.end());
    const Pending next = after_calls_.back();
    after_calls_.pop_back();
    if (seen_[next.at] != kUnseen) continue;
    if (!may_be_function(next.at)) {
      run(next.at, next.state);
      continue;
    }
    const Verdict verdict = trial(next.at, next.state);
    const bool other =
        verdict == Verdict::kContradicts || (verdict == Verdict::kOpen && is_prologue(next.at));
    if (!other) run(next.at, next.state);
  }
}

// Follows everything that has been found; functions that are called come after their caller.
void CodeWalk::settle() {
  drain();
  while (!called_.empty()) {
    const std::uint32_t at = called_.back();
    called_.pop_back();
    begin({at, EntryKind::kFunction});
    drain();
  }
}

void CodeWalk::note_called(std::uint64_t target) {
  if (target >= boundary_.size() || boundary_[static_cast<std::size_t>(target)]) return;
  const auto at = static_cast<std::uint32_t>(target);
  if (seen_[at] == kInside) return;  // no instruction begins there
  boundary_[at] = true;
  called_.push_back(at);
}

std::uint32_t CodeWalk::skip_padding(std::uint32_t at, std::uint32_t end) {
  Instruction instruction;
  while (at < end && seen_[at] == kUnseen) {
    std::uint32_t length = 1;
    if (code_[at] != 0) {
      if (!decoder_.scan(code_.subspan(at), instruction) || !instruction.is_padding) break;
      length = instruction.length;
    }
    for (std::uint32_t i = at; i < std::min(at + length, end); ++i) {
      if (seen_[i] == kUnseen) seen_[i] = kInside;
    }
    at += length;
  }
  return at;
}

// Tables lie between functions, too. If what follows is no code of a program, marks it as without a
// rule up to the next aligned place and returns that; else `at`.
std::uint32_t CodeWalk::skip_data(std::uint32_t at, std::uint32_t end) {
  Instruction instruction;
  std::uint32_t next = at;
  bool is_data = false;
  for (int i = 0; i < kDataInstructions && !is_data && next < end; ++i) {
    if (seen_[next] != kUnseen) return at;
    is_data = !decoder_.scan(code_.subspan(next), instruction) || instruction.is_odd;
    const bool goes_on = instruction.flow == Flow::kNext || instruction.flow == Flow::kCall ||
                         instruction.flow == Flow::kBranch;
    if (!is_data && !goes_on) return at;
    next += is_data ? 1U : instruction.length;
  }
  if (!is_data) return at;
  next = std::min(end, (next + kFunctionAlignment - 1) / kFunctionAlignment * kFunctionAlignment);
  const std::uint16_t none = intern(RowRule{});
  for (std::uint32_t i = at; i < next; ++i) {
    if (seen_[i] == kUnseen) seen_[i] = i == at ? none : kInside;
  }
  count(RowClass::kSynthUndecoded, next - at);
  return next;
}

// Past the straight run of unseen code at `at`.
std::uint32_t CodeWalk::skip_orphan(std::uint32_t at, std::uint32_t end) const {
  Instruction instruction;
  while (at < end && seen_[at] == kUnseen) {
    if (!decoder_.scan(code_.subspan(at), instruction)) return at + 1;
    at += instruction.length;
    const bool goes_on = instruction.flow == Flow::kNext || instruction.flow == Flow::kCall ||
                         instruction.flow == Flow::kBranch;
    if (!goes_on) break;
  }
  return at;
}

// The nearest function that begins before.
std::uint32_t CodeWalk::function_of(std::uint32_t at) const {
  const std::uint32_t least = at - std::min(at, kFarthestFunction);
  while (at > least && !start_[at] && !boundary_[at]) --at;
  return at;
}

void CodeWalk::adopt_orphans(std::uint32_t begin, std::uint32_t end, bool guess) {
  for (std::uint32_t at = begin; at < end;) {
    if (seen_[at] != kUnseen) {
      ++at;
      continue;
    }
    at = skip_padding(at, end);
    if (at >= end || seen_[at] != kUnseen) continue;
    const std::uint32_t behind = skip_data(at, end);
    if (behind != at) {
      at = behind;
      continue;
    }
    function_ = function_of(at);
    const auto state = orphan_state(at, guess);
    if (!state) {
      at = skip_orphan(at, end);
      continue;
    }
    if (start_[at]) function_ = at;
    run(at, *state);
    settle();
    // Minimal decoding accepts a little more than full decoding does.
    if (seen_[at] == kUnseen) seen_[at] = intern(RowRule{});
  }
}

void CodeWalk::emit(std::uint64_t file_offset, std::vector<PlacedRule>& out) const {
  RowRule in_force;
  bool first = true;
  for (std::size_t at = 0; at < seen_.size(); ++at) {
    if (seen_[at] == kInside) continue;
    const RowRule rule = seen_[at] == kUnseen ? RowRule{} : rules_[seen_[at] - 1U];
    if (!first && rule == in_force) continue;
    first = false;
    in_force = rule;
    out.push_back({file_offset + at, rule});
  }
}

std::vector<std::uint32_t> CodeWalk::starts() const {
  std::vector<std::uint32_t> out;
  for (std::size_t at = 0; at < start_.size(); ++at) {
    if (start_[at]) out.push_back(static_cast<std::uint32_t>(at));
  }
  return out;
}

}  // namespace sonde
