// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/stack_walker.h"

#include <algorithm>

#include "agent/capture/native_walk.h"

namespace sonde {
namespace {

UnwindTables& tables_of(void* owner) { return *static_cast<UnwindTables*>(owner); }

__u64 image_table(void* owner, __u32 slot) { return tables_of(owner).read_image(slot); }

int read_page(void* owner, __u32 index, sonde_page* out) {
  const auto page = tables_of(owner).read_page(index);
  if (page) *out = *page;
  return page ? 0 : 1;
}

int read_row(void* owner, __u32 chunk, __u32 row, sonde_row* out) {
  const auto found = tables_of(owner).read_row(chunk, row);
  if (found) *out = *found;
  return found ? 0 : 1;
}

void set_registers(sonde_unwind& state, std::span<const std::uint64_t> registers) {
  std::ranges::copy(registers.first(SONDE_REG_COUNT), state.regs);
  state.pc = registers[SONDE_REG_COUNT];
  state.sp = registers[SONDE_REG_RSP];
  state.bp = registers[SONDE_REG_RBP];
  state.range_begin = state.range_end = state.range_target = 0;
  state.frame_first = state.frame_count = 0;
  state.stop = SONDE_STOP_COMPLETE;
  state.exact = SONDE_EXACT_REGS;
  state.by_fp = 0;
  state.done = 0;
}

}  // namespace

StackWalker::StackWalker(UnwindTables& tables)
    : tables_(tables), state_(std::make_unique<sonde_unwind>()) {}

StackWalker::~StackWalker() = default;

StackWalker::Outcome StackWalker::walk(RawSample& sample, std::span<const sonde_range> ranges,
                                       bool settle) {
  const auto words = std::span<const std::uint64_t>(sample.user);
  const auto stack = words.subspan(SONDE_DEFERRED_REGISTERS);
  set_registers(*state_, words);
  const NativeTables tables{.owner = &tables_,
                            .ranges = ranges.data(),
                            .range_count = static_cast<__u32>(ranges.size()),
                            .image_table = &image_table,
                            .page = &read_page,
                            .row = &read_row,
                            .stack = stack.data(),
                            .stack_base = state_->sp - SONDE_RED_ZONE_WORDS * 8ULL,
                            .stack_bytes = stack.size_bytes()};
  native_walk(&tables, state_.get());
  const auto frames = std::span(state_->record.frames).first(state_->frame_count);
  if (state_->stop == SONDE_STOP_NO_MAPPING && !settle) {
    const bool in_image = !frames.empty() && SONDE_FRAME_TAG(frames.back()) == SONDE_TAG_IMAGE;
    return {.walked = false, .missing = in_image ? frames.back() : 0};
  }
  sample.user = {frames.begin(), frames.end()};  // gives the copy's memory back
  sample.header.stop = state_->stop == SONDE_STOP_READ_FAULT
                           ? static_cast<std::uint16_t>(SONDE_STOP_STACK_COPY)
                           : state_->stop;
  sample.header.user_count = static_cast<std::uint16_t>(frames.size());
  sample.header.flags &= static_cast<std::uint16_t>(~SONDE_SAMPLE_DEFERRED);
  return {.walked = true};
}

}  // namespace sonde
