// SPDX-License-Identifier: Apache-2.0
// The guesses of a walk, and how they are held against what is known.
#include "symbolizer/worker/synth/code_walk.h"

namespace sonde {
namespace {

constexpr int kTrialInstructions = 256;
constexpr int kOutermostInstructions = 32;

bool is_same_frame(RowRule a, RowRule b) {
  const sonde_row x = a.at(0);
  const sonde_row y = b.at(0);
  return x.cfa == y.cfa && x.cfa_param == y.cfa_param;
}

}  // namespace

// The frame of code that nothing jumps to: a case of a switch (the frame at the indirect jump), or
// a function. Followed to its return or to known code, only the right one holds. `guess` takes one
// that meets no contradiction, or none at all; without it there may be no answer.
std::optional<FrameState> CodeWalk::orphan_state(std::uint32_t at, bool guess) {
  std::optional<FrameState> open;
  if (const auto found = dispatches_.find(function_); found != dispatches_.end()) {
    for (const FrameState& state : found->second) {
      const Verdict verdict = trial(at, state);
      if (verdict == Verdict::kAgrees) return state;
      if (verdict == Verdict::kOpen && !open) open = state;
    }
  }
  const FrameState entry = FrameState::at_entry();
  const Verdict verdict = trial(at, entry);
  if (verdict == Verdict::kAgrees || (guess && verdict == Verdict::kOpen && !open)) {
    start_[at] = true;
    return entry;
  }
  if (verdict == Verdict::kContradicts) {
    if (auto solved = solve(at)) return solved;
  }
  if (open || !guess) return guess ? open : std::nullopt;
  count(RowClass::kSynthConflict);
  return FrameState::unknown();
}

// Goes on from an unknown frame to a place where it is known, and reckons back.
std::optional<FrameState> CodeWalk::solve(std::uint32_t begin) const {
  FrameState state = FrameState::unknown();
  std::uint64_t at = begin;
  for (int i = 0; i < kTrialInstructions && at < code_.size(); ++i) {
    const auto low = state.rsp_from_anchor();
    if (!low || trial_budget_ == 0 || (i > 0 && is_function(at))) return std::nullopt;
    --trial_budget_;
    const std::uint16_t seen = seen_[static_cast<std::size_t>(at)];
    if (seen == kInside) return std::nullopt;
    if (seen != kUnseen) return FrameState::from_rule(rules_[seen - 1U], *low);
    const Instruction* decoded = instruction_at(at);
    if (decoded == nullptr) break;
    const Instruction& instruction = *decoded;
    const auto target =
        static_cast<std::uint64_t>(static_cast<std::int64_t>(at) + instruction.target);
    if (instruction.flow == Flow::kJump) {
      at = target;
    } else if (instruction.flow == Flow::kNext || instruction.flow == Flow::kCall) {
      state.apply(instruction);
      at += instruction.length;
    } else if (instruction.flow == Flow::kBranch) {
      const bool known =
          target < code_.size() && seen_[static_cast<std::size_t>(target)] != kUnseen;
      at = known ? target : at + instruction.length;
    } else {
      break;
    }
  }
  return std::nullopt;
}

// By the ABI the outermost function clears rbp, and calls the next one: process entries and the
// first function of a thread. `at` is behind the clearing of an rbp that was not saved.
bool CodeWalk::is_outermost(std::uint32_t at) const {
  for (int i = 0; i < kOutermostInstructions && at < code_.size(); ++i) {
    const Instruction* instruction = instruction_at(at);
    if (instruction == nullptr) return false;
    if (instruction->flow == Flow::kCall) return true;
    if (instruction->flow != Flow::kNext || (instruction->written >> kRbp & 1U) != 0) return false;
    at += instruction->length;
  }
  return false;
}

CodeWalk::Verdict CodeWalk::compare(std::uint32_t at, const FrameState& state) const {
  if (seen_[at] == kInside) return Verdict::kContradicts;
  const RowRule known = rules_[seen_[at] - 1U];
  const RowRule ours = state.rule().rule;
  if (known.is_none() || ours.is_none()) return Verdict::kOpen;
  return is_same_frame(known, ours) ? Verdict::kAgrees : Verdict::kContradicts;
}

CodeWalk::Verdict CodeWalk::trial(std::uint32_t begin, FrameState state) const {
  std::uint64_t at = begin;
  bool after_call = false;  // which may not come back: then what lies behind says nothing
  for (int i = 0; i < kTrialInstructions && at < code_.size(); ++i) {
    if (trial_budget_ == 0 || (i > 0 && is_function(at))) return Verdict::kOpen;
    --trial_budget_;
    if (seen_[static_cast<std::size_t>(at)] != kUnseen) {
      const Verdict verdict = compare(static_cast<std::uint32_t>(at), state);
      return after_call && verdict == Verdict::kContradicts ? Verdict::kOpen : verdict;
    }
    const Instruction* instruction = instruction_at(at);
    if (instruction == nullptr) break;
    if (!instruction->is_padding) after_call = instruction->flow == Flow::kCall;
    if (const auto verdict = trial_step(at, *instruction, state)) return *verdict;
  }
  return Verdict::kOpen;
}

std::optional<CodeWalk::Verdict> CodeWalk::trial_step(std::uint64_t& at,
                                                      const Instruction& instruction,
                                                      FrameState& state) const {
  const auto target =
      static_cast<std::uint64_t>(static_cast<std::int64_t>(at) + instruction.target);
  at += instruction.length;
  switch (instruction.flow) {
    case Flow::kNext:
    case Flow::kCall:
      state.apply(instruction);
      return std::nullopt;
    case Flow::kBranch:
      if (target >= code_.size() || seen_[static_cast<std::size_t>(target)] == kUnseen) {
        return std::nullopt;
      }
      if (compare(static_cast<std::uint32_t>(target), state) == Verdict::kOpen) return std::nullopt;
      return compare(static_cast<std::uint32_t>(target), state);
    case Flow::kJump:
      at = target;
      if (!is_function(target)) return std::nullopt;
      if (!state.knows_rsp()) return Verdict::kOpen;
      return state.is_at_return() ? Verdict::kAgrees : Verdict::kContradicts;
    case Flow::kReturn:
      if (!state.knows_rsp()) return Verdict::kOpen;
      return state.is_at_return() ? Verdict::kAgrees : Verdict::kContradicts;
    case Flow::kIndirectJump:
    case Flow::kTrap:
      break;
  }
  return Verdict::kOpen;
}

// Behind a call: padding, or an aligned place.
bool CodeWalk::may_be_function(std::uint32_t at) const {
  Instruction behind;
  if (!decoder_.scan(code_.subspan(at), behind)) return false;
  return behind.is_padding || at % kFunctionAlignment == 0;
}

// An aligned place, past padding, that saves a register or makes room.
bool CodeWalk::is_prologue(std::uint32_t at) const {
  const Instruction* first = nullptr;
  while (at < code_.size() && (first = instruction_at(at)) != nullptr && first->is_padding) {
    at += first->length;
  }
  if (at >= code_.size() || first == nullptr || at % kFunctionAlignment != 0) return false;
  constexpr std::uint16_t kCalleeSaved = 0xf028;
  const bool saves = first->action == Action::kPush && first->source != kNoRegister &&
                     (kCalleeSaved >> first->source & 1U) != 0;
  return saves || (first->action == Action::kAdd && first->destination == kRsp && first->value < 0);
}

}  // namespace sonde
