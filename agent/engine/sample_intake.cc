// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/sample_intake.h"

#include <cstring>
#include <utility>

#include "bpf/abi/rows.h"
#include "bpf/abi/stop.h"

namespace sonde {
namespace {

bool is_unmapped_code(FrameWord frame) {
  return SONDE_FRAME_TAG(frame) == SONDE_TAG_USER_PC && !is_made_code(frame);
}

}  // namespace

void SampleIntake::take(std::span<RawSample> samples) {
  for (RawSample& sample : samples) {
    if (!sample.is_deferred()) {
      take_walked(sample);
      continue;
    }
    deferred_.add(std::move(sample), [this](const RawSample& one, const Process* process) {
      take_deferred(one, process);
    });
  }
}

void SampleIntake::walk_deferred(bool last) {
  deferred_.resolve(last, [this](const RawSample& sample, const Process* process) {
    take_deferred(sample, process);
  });
}

// A sample that the kernel walked: cut where code was replaced before the kernel knew.
void SampleIntake::take_walked(const RawSample& sample) {
  const sonde_sample& header = sample.header;
  const Process* process =
      processes_.find_at(header.tgid, header.start_time_ns / SONDE_START_TICK_NS, header.time_ns);
  translate_frames(sample, process);
  std::uint16_t stop = header.stop;
  // In the middle of an exec the registers are still the old program's: no code of this one.
  if (stop == SONDE_STOP_MEMORY_GONE && !frames_.empty() && is_unmapped_code(frames_.back())) {
    frames_.pop_back();
  }
  if (stop == SONDE_STOP_NO_MAPPING && !frames_.empty() &&
      SONDE_FRAME_TAG(frames_.back()) == SONDE_TAG_IMAGE) {
    publisher_.demand(image_of_frame(frames_.back()));
  }
  if (const std::size_t certain = stale_.certain_frames(header.tgid, header.time_ns, frames_);
      certain < frames_.size()) {
    frames_.resize(certain);
    stop = SONDE_STOP_NO_MAPPING;
  }
  store(header, process, stop, name_of(header, stop));
}

// In the middle of an exec the name is still that of the program whose memory is gone: the time is
// the new one's.
std::string_view SampleIntake::name_of(const sonde_sample& header, std::uint16_t stop) const {
  if (stop == SONDE_STOP_MEMORY_GONE) {
    const Process* now = processes_.find(header.tgid);
    if (now != nullptr && now->start_ticks == header.start_time_ns / SONDE_START_TICK_NS) {
      return now->name;
    }
  }
  return {header.process, ::strnlen(header.process, sizeof(header.process))};
}

// A sample that was walked here, with the mappings of its own time.
void SampleIntake::take_deferred(const RawSample& sample, const Process* process) {
  translate_frames(sample, process);
  store(sample.header, process, sample.header.stop, name_of(sample.header, sample.header.stop));
}

void SampleIntake::translate_frames(const RawSample& sample, const Process* process) {
  frames_.clear();
  for (std::size_t i = 0; i < sample.kernel.size(); ++i) {
    // Callers are return addresses, one byte behind the call.
    const std::uint64_t pc = sample.kernel[i] - (i == 0 ? 0 : 1);
    frames_.push_back(SONDE_KERNEL_FRAME(pc));
  }
  bool made_code = false;
  for (const std::uint64_t word : sample.user) {
    frames_.push_back(translate_user(word, process));
    made_code |= is_made_code(frames_.back());
  }
  if (made_code) code_maps_.note(*process);
}

// A raw pc had no range when the tick came; the event that brought it may be here by now.
FrameWord SampleIntake::translate_user(FrameWord word, const Process* process) const {
  if (SONDE_FRAME_TAG(word) != SONDE_TAG_USER_PC) return publisher_.translate(word);
  if (process == nullptr) return word;
  const std::uint64_t pc = word & SONDE_USER_PC_MASK;
  const CodeRange* range = ProcessTable::find_range(*process, pc);
  if (range == nullptr) return word;
  if (range->kind != RangeKind::kImage) return word | kAnonymousCode;
  const std::uint64_t fp = (word & SONDE_USER_FP) != 0 ? SONDE_IMAGE_FP : 0;
  return (std::uint64_t{static_cast<std::uint32_t>(range->image)} << SONDE_IMAGE_GENERATION_SHIFT) |
         fp | ((pc - range->begin + range->file_offset) & SONDE_IMAGE_OFFSET_MASK);
}

void SampleIntake::store(const sonde_sample& header, const Process* process, std::uint16_t stop,
                         std::string_view name) {
  if (process != nullptr) {
    publisher_.touch({header.tgid, header.start_time_ns / SONDE_START_TICK_NS});
  }
  const bool stored = windows_.add(
      header.time_ns, {.tgid = header.tgid,
                       .start_ticks = header.start_time_ns / SONDE_START_TICK_NS,
                       .cgroup_id = header.cgroup_id,
                       .process_name = name,
                       .executable = process == nullptr ? ImageId::kNone : process->executable,
                       .stop = stop,
                       .weight_ns = header.weight_ns,
                       .frames = frames_});
  if (!stored) ++losses_[static_cast<std::size_t>(UserLoss::kStackLimit)];
}

}  // namespace sonde
