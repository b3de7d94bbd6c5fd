// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/golang/stack_switch.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sonde {
namespace {

struct Name {
  std::string_view text;
  GoSpecial special;
};

constexpr std::array kNames = {
    Name{"runtime.goexit", GoSpecial::kRoot},
    Name{"gogo", GoSpecial::kRoot},
    Name{"runtime.gogo", GoSpecial::kRoot},
    Name{"runtime.mstart", GoSpecial::kRoot},
    Name{"runtime.rt0_go", GoSpecial::kRoot},
    Name{"_rt0_amd64", GoSpecial::kRoot},
    Name{"_rt0_amd64_linux", GoSpecial::kRoot},
    Name{"runtime.mcall", GoSpecial::kLeave},
    Name{"runtime.systemstack_switch", GoSpecial::kReturnedTo},
    Name{"runtime.sigreturn", GoSpecial::kSignalReturn},
    Name{"runtime.sigreturn__sigaction", GoSpecial::kSignalReturn},
    Name{"runtime.systemstack", GoSpecial::kSystemStack},
    Name{"runtime.morestack", GoSpecial::kMoreStack},
    Name{"runtime.asmcgocall", GoSpecial::kCallC},
    Name{"runtime.asmcgocall_no_g", GoSpecial::kCallVdso},
    Name{"runtime.nanotime", GoSpecial::kCallVdso},
    Name{"runtime.nanotime1", GoSpecial::kCallVdso},
    Name{"runtime.walltime", GoSpecial::kCallVdso},
    Name{"runtime.walltime1", GoSpecial::kCallVdso},
    Name{"time.now", GoSpecial::kCallVdso},
};

constexpr std::uint8_t kRdx = 2;

// push %rbp; mov %rsp, %rbp: since 1.21 the assembler's own prologue. What the function calls
// keeps rbp, on whatever stack it runs.
constexpr std::array<std::uint8_t, 4> kFramePointer = {0x55, 0x48, 0x89, 0xe5};
// lea N(%rsp), %rbp: the same up to 1.20, N a byte.
constexpr std::array<std::uint8_t, 4> kOldFramePointer = {0x48, 0x8d, 0x6c, 0x24};

bool has_frame_pointer(ByteSpan code) {
  if (code.size() < 24) return false;
  return std::ranges::equal(code.first(kFramePointer.size()), kFramePointer) ||
         find_bytes(code.first(24), kOldFramePointer);
}

// The 32-bit number behind a pattern, in words; 0 if there is none.
std::int16_t words_behind(ByteSpan code, ByteSpan pattern) {
  const auto found = find_bytes(code, pattern);
  if (!found) return 0;
  ByteReader reader(code.subspan(*found + pattern.size()));
  const auto bytes = reader.fixed<std::int32_t>();
  const bool fits = bytes % 8 == 0 && bytes / 8 >= -32768 && bytes / 8 <= 32767;
  return !reader.failed() && fits ? static_cast<std::int16_t>(bytes / 8) : std::int16_t{0};
}

// From the thread's stack to the goroutine's, by the frame pointer of what made the call.
RowRule by_frame_pointer() {
  return RowRule::from({.offset = 0,
                        .cfa = SONDE_CFA_GO_SWITCH | SONDE_GO_BY_RBP << 4U,
                        .flags = 0,
                        .cfa_param = 0,
                        .rbp_param = 0});
}

// The same by what the runtime knows of the thread.
RowRule to_goroutine(const GoSwitch& layout) {
  if (!layout.is_known()) return simple_rule(SONDE_CFA_UNSUPPORTED);
  return RowRule::from({.offset = 0,
                        .cfa = SONDE_CFA_GO_SWITCH,
                        .flags = 0,
                        .cfa_param = layout.tls_words,
                        .rbp_param = layout.curg_words});
}

// The stack pointer before it was aligned, kept in memory at `offset` from the aligned one.
RowRule by_kept_pointer(std::int64_t offset) {
  if (offset < 0 || offset > 1024 || offset % 8 != 0) return simple_rule(SONDE_CFA_UNSUPPORTED);
  return RowRule::from({.offset = 0,
                        .cfa = SONDE_CFA_DEREF_RSP,
                        .flags = 0,
                        .cfa_param = static_cast<std::int16_t>(offset / 8 * 16 + 1),
                        .rbp_param = 0});
}

// One function, instruction by instruction. It is on another stack from where it loads or aligns
// the stack pointer to where it sets it again, or to its end.
class SwitchedCode {
 public:
  SwitchedCode(GoSpecial special, std::uint64_t begin, ByteSpan code, const GoSwitch& layout)
      : special_(special),
        begin_(begin),
        layout_(layout),
        has_frame_pointer_(has_frame_pointer(code)) {}

  void visit(std::size_t at, const Instruction& instruction) {
    const std::size_t behind = at + instruction.length;
    const bool to_stack_pointer = instruction.destination == kRsp;
    const bool aligns = instruction.action == Action::kAlign && to_stack_pointer;
    const bool sets = to_stack_pointer &&
                      (instruction.action == Action::kLoad || instruction.action == Action::kMove);
    if (is_switched_ && sets) {
      close(behind);
    } else if (!is_switched_ && (sets || aligns)) {
      is_switched_ = true;
      is_aligned_only_ = aligns;
      from_ = behind;
      kept_at_ = -1;
    }
    if (is_switched_ && instruction.action == Action::kStore && instruction.source == kRdx &&
        instruction.memory.base == kRsp) {
      kept_at_ = instruction.memory.offset;
    }
  }
  std::vector<PlacedRule> finish(std::size_t end) {
    if (is_switched_) close(end);
    return std::move(rules_);
  }

 private:
  void close(std::size_t end) {
    rules_.push_back({begin_ + from_, rule()});
    rules_.push_back({begin_ + end, RowRule{}});
    is_switched_ = false;
  }

  [[nodiscard]] RowRule rule() const {
    switch (special_) {
      case GoSpecial::kLeave:
        return simple_rule(SONDE_CFA_END);
      case GoSpecial::kMoreStack:
        return to_goroutine(layout_);
      case GoSpecial::kSystemStack:
      case GoSpecial::kCallC:
      case GoSpecial::kCallVdso:
        if (has_frame_pointer_) return by_frame_pointer();
        return is_aligned_only_ || special_ == GoSpecial::kCallVdso ? by_kept_pointer(kept_at_)
                                                                    : to_goroutine(layout_);
      case GoSpecial::kNone:
      case GoSpecial::kRoot:
      case GoSpecial::kReturnedTo:
      case GoSpecial::kSignalReturn:
        break;
    }
    return simple_rule(SONDE_CFA_UNSUPPORTED);
  }

  GoSpecial special_;
  std::uint64_t begin_;
  const GoSwitch& layout_;
  bool has_frame_pointer_;
  bool is_switched_ = false;
  bool is_aligned_only_ = false;
  std::size_t from_ = 0;
  std::int64_t kept_at_ = -1;  // where the stack pointer was kept
  std::vector<PlacedRule> rules_;
};

}  // namespace

GoSpecial go_special(std::string_view name) {
  const auto found = std::ranges::find(kNames, name, &Name::text);
  return found == kNames.end() ? GoSpecial::kNone : found->special;
}

GoSwitch read_go_switch(ByteSpan systemstack) {
  constexpr std::array<std::uint8_t, 5> kTls = {0x64, 0x48, 0x8b, 0x04, 0x25};  // mov %fs:N, %rax
  constexpr std::array<std::uint8_t, 3> kTlsOffset = {0x48, 0xc7, 0xc1};        // mov $N, %rcx
  constexpr std::array<std::uint8_t, 3> kCurg = {0x48, 0x3b, 0x83};             // cmp N(%rbx), %rax
  GoSwitch result{.tls_words = words_behind(systemstack, kTls),
                  .curg_words = words_behind(systemstack, kCurg)};
  if (result.tls_words == 0) result.tls_words = words_behind(systemstack, kTlsOffset);
  return result;
}

std::vector<PlacedRule> switched_rules(GoSpecial special, std::uint64_t begin, ByteSpan code,
                                       const GoSwitch& layout, const InstructionDecoder& decoder) {
  SwitchedCode switched(special, begin, code, layout);
  Instruction instruction;
  std::size_t at = 0;
  for (; at < code.size(); at += instruction.length) {
    if (!decoder.decode(code.subspan(at), instruction)) break;
    switched.visit(at, instruction);
  }
  // The last byte may have a rule for what is returned to behind it.
  return switched.finish(code.empty() ? 0 : code.size() - 1);
}

}  // namespace sonde
