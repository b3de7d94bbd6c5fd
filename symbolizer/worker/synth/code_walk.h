// SPDX-License-Identifier: Apache-2.0
// Follows the control flow of code without unwind tables and works out the rule in force at each
// instruction. Every byte is decoded as an instruction at most once.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "symbolizer/wire/row_file.h"
#include "symbolizer/worker/synth/frame_state.h"
#include "symbolizer/worker/synth/instruction.h"
#include "symbolizer/worker/unwind/row_builder.h"

namespace sonde {

// Of functions, in most code.
inline constexpr std::uint32_t kFunctionAlignment = 16;

enum class EntryKind : std::uint8_t {
  kFunction,  // called: the return address is at rsp
  kLabel,     // may be a function; a jump that leads here knows better
  kProcess,   // the ELF entry point: nobody called it
  kLinkage,   // the common part of a linkage table: entered with one word pushed
};

// A place where code begins; sorted by `at`, one each.
struct CodeEntry {
  std::uint32_t at = 0;  // byte of the code
  EntryKind kind = EntryKind::kFunction;
};

class CodeWalk {
 public:
  // Less than 2 GiB of `code`; it and `entries` must live as long as the walk.
  CodeWalk(ByteSpan code, std::span<const CodeEntry> entries, RowClassCounts& classes);

  // Sees the state before each instruction that is decoded (tests).
  using Observer = std::function<void(std::uint32_t at, const FrameState& state)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  // Decodes all of it. cost: about 0.7 us an instruction; memory: 2 bytes a byte of code.
  void walk();

  // Appends the rows, the code being at `file_offset`. Bytes that were never reached have none;
  // padding stays under the rule before it.
  void emit(std::uint64_t file_offset, std::vector<PlacedRule>& out) const;
  // Where functions were found to begin, ascending.
  [[nodiscard]] std::vector<std::uint32_t> starts() const;
  [[nodiscard]] std::uint64_t instructions() const { return instructions_; }

 private:
  enum class Verdict : std::uint8_t { kAgrees, kOpen, kContradicts };
  struct Pending {
    std::uint32_t at = 0;
    FrameState state;
    // A heap of these has the lowest place on top.
    bool operator<(const Pending& other) const { return at > other.at; }
  };

  static constexpr std::uint16_t kUnseen = 0;
  static constexpr std::uint16_t kInside = 0xffff;  // of an instruction, or padding

  void mark_signal_returns();
  void begin(const CodeEntry& entry);
  void run(std::uint32_t at, FrameState state);
  bool transfer(std::uint32_t& at, const Instruction& instruction, FrameState& state);
  void jump(std::uint64_t target, const FrameState& state);
  void drain();
  void settle();
  void note_called(std::uint64_t target);
  void adopt_all_orphans(bool guess);
  void adopt_orphans(std::uint32_t begin, std::uint32_t end, bool guess);
  std::uint32_t skip_padding(std::uint32_t at, std::uint32_t end);
  [[nodiscard]] std::uint32_t function_of(std::uint32_t at) const;
  std::uint32_t skip_data(std::uint32_t at, std::uint32_t end);
  std::uint32_t skip_orphan(std::uint32_t at, std::uint32_t end) const;
  // The instruction at `at`, or null; valid until the next call.
  [[nodiscard]] const Instruction* instruction_at(std::uint64_t at) const;
  [[nodiscard]] std::optional<FrameState> orphan_state(std::uint32_t at, bool guess);
  [[nodiscard]] std::optional<FrameState> solve(std::uint32_t at) const;
  [[nodiscard]] bool may_be_function(std::uint32_t at) const;
  [[nodiscard]] bool is_prologue(std::uint32_t at) const;
  [[nodiscard]] bool is_outermost(std::uint32_t at) const;
  [[nodiscard]] Verdict trial(std::uint32_t at, FrameState state) const;
  [[nodiscard]] std::optional<Verdict> trial_step(std::uint64_t& at, const Instruction& instruction,
                                                  FrameState& state) const;
  [[nodiscard]] Verdict compare(std::uint32_t at, const FrameState& state) const;
  [[nodiscard]] bool is_function(std::uint64_t at) const {
    return at < boundary_.size() && boundary_[static_cast<std::size_t>(at)];
  }
  void mark(std::uint32_t at, std::uint8_t length, const FrameState& state);
  std::uint16_t intern(RowRule rule);
  void count(RowClass row_class, std::uint64_t by = 1) {
    classes_[static_cast<std::size_t>(row_class)] += by;
  }

  ByteSpan code_;
  std::span<const CodeEntry> entries_;
  RowClassCounts& classes_;
  InstructionDecoder decoder_;
  // Trials see the same instructions again and again: the last ones, by place.
  struct Decoded {
    std::uint32_t at = ~std::uint32_t{0};
    bool is_valid = false;
    Instruction instruction;
  };
  mutable std::vector<Decoded> decoded_;
  std::vector<bool> boundary_;       // functions that are certain
  std::vector<bool> start_;          // all that turned out to be functions
  std::vector<std::uint16_t> seen_;  // kUnseen, kInside or 1 + index of the rule
  std::vector<RowRule> rules_;
  std::unordered_map<std::uint64_t, std::uint16_t> rule_numbers_;
  std::uint16_t last_number_ = 0;
  std::vector<Pending> branches_;      // to be followed first
  std::vector<Pending> after_calls_;   // a heap: only if nothing else says what the frame is
  std::vector<std::uint32_t> called_;  // functions not followed yet
  // Frames at indirect jumps, by function: those of the cases of a switch.
  std::map<std::uint32_t, std::vector<FrameState>> dispatches_;
  Observer observer_;
  std::uint32_t function_ = 0;  // that is being followed
  std::uint64_t instructions_ = 0;
  // Instructions that trials may still decode: hostile jumps could make each of them long.
  mutable std::uint64_t trial_budget_ = 0;
};

}  // namespace sonde
