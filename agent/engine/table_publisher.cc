// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/table_publisher.h"

#include "bpf/abi/frame.h"
#include "core/base/log.h"
#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

constexpr std::uint32_t kMaxRetries = 1000;

std::uint64_t kind_bits(RangeKind kind) {
  switch (kind) {
    case RangeKind::kImage:
      return SONDE_RANGE_IMAGE << SONDE_RANGE_KIND_SHIFT;
    case RangeKind::kAnonymous:
      return SONDE_RANGE_ANONYMOUS << SONDE_RANGE_KIND_SHIFT;
    case RangeKind::kOpaque:
      return SONDE_RANGE_OPAQUE << SONDE_RANGE_KIND_SHIFT;
  }
  return SONDE_RANGE_OPAQUE << SONDE_RANGE_KIND_SHIFT;
}

}  // namespace

Result<ImageSlot> TablePublisher::slot_of(ImageId image) {
  const auto index = static_cast<std::size_t>(image);
  if (index >= slots_.size()) slots_.resize(images_.size());
  SlotState& state = slots_[index];
  if (state.known) {
    request_rows(image);
    return state.slot;
  }
  const auto slot = tables_.add_image();
  if (!slot) return slot.error();
  state = {.slot = *slot, .known = true};
  if (slot->slot >= image_of_slot_.size()) image_of_slot_.resize(slot->slot + std::size_t{1});
  image_of_slot_[slot->slot] = image;
  if (!request_rows(image)) {
    if (auto published = tables_.publish_rows(*slot, RowTable{}); !published) {
      return published.error();
    }
  }
  return *slot;
}

// A file that could not be opened has no rows; at a later sight it may have been opened after all.
bool TablePublisher::request_rows(ImageId image) {
  SlotState& state = slots_[static_cast<std::size_t>(image)];
  const Image& file = images_.at(image);
  if (state.requested || !file.fd) return state.requested;
  state.requested = true;
  loader_.request(image, file.fd.get());
  return true;
}

std::vector<sonde_range> TablePublisher::to_kernel(const std::vector<CodeRange>& ranges) {
  std::vector<sonde_range> out;
  out.reserve(ranges.size());
  for (const CodeRange& range : ranges) {
    std::uint64_t target = kind_bits(range.kind);
    if (range.kind == RangeKind::kImage) {
      const auto slot = slot_of(range.image);
      const std::uint64_t page = range.file_offset >> 12;
      if (!slot || page > SONDE_RANGE_FILE_PAGE_MASK) {
        ++counts_.table_full;  // walked by frame pointer, named from the process's ranges
        target = kind_bits(RangeKind::kAnonymous);
      } else {
        target |= (std::uint64_t{slot->slot} << SONDE_RANGE_SLOT_SHIFT) |
                  (std::uint64_t{slot->generation} << SONDE_RANGE_GENERATION_SHIFT) | page;
      }
    }
    out.push_back({.begin = range.begin, .end = range.end, .target = target});
  }
  return out;
}

void TablePublisher::publish_change(const ProcessTable& processes, const ProcessChange& change) {
  const ProcessKey key{change.tgid, change.start_ticks};
  if (change.kind == ProcessChange::Kind::kGone) {
    tables_.remove_process(key);
    return;
  }
  if (change.kind == ProcessChange::Kind::kShared &&
      tables_.share_ranges(key, {change.parent_tgid, change.parent_start_ticks})) {
    return;
  }
  const Process* process = processes.find(change.tgid);
  if (process == nullptr || process->start_ticks != change.start_ticks) return;
  if (auto set = tables_.set_ranges(key, to_kernel(*process->ranges)); !set) ++counts_.table_full;
}

void TablePublisher::publish(ProcessTable& processes) {
  for (const ProcessChange& change : processes.take_changes()) publish_change(processes, change);
}

// Whoever kills the worker says nothing about the file: its rows are asked for again.
bool TablePublisher::ask_again(const LoadedRows& loaded) {
  SlotState& state = slots_[static_cast<std::size_t>(loaded.image)];
  if (loaded.rows || reason_of(loaded.rows.error()) != Reason::kWorkerKilled ||
      state.retries >= kMaxRetries) {
    return false;
  }
  ++state.retries;
  ++counts_.rows_retried;
  loader_.request(loaded.image, images_.at(loaded.image).fd.get());
  return true;
}

void TablePublisher::publish_rows() {
  for (const LoadedRows& loaded : loader_.take()) {
    if (ask_again(loaded)) continue;
    ++publications_;
    const ImageSlot slot = slots_[static_cast<std::size_t>(loaded.image)].slot;
    if (!loaded.rows) {
      ++counts_.rows_failed;
      log_debug(images_.at(loaded.image).path + ": no unwind rows: " + loaded.rows.error().message);
    } else {
      counts_.rows_unsupported += loaded.rows->unsupported_rows;
      if (tables_.publish_rows(slot, *loaded.rows)) continue;
      ++counts_.rows_over_budget;
    }
    // Published as empty, so that walks go on by frame pointer instead of waiting for ever.
    (void)tables_.publish_rows(slot, RowTable{});
  }
}

FrameWord TablePublisher::translate(std::uint64_t frame) const {
  if (SONDE_FRAME_TAG(frame) != SONDE_TAG_IMAGE) return frame;
  const std::size_t slot = (frame >> SONDE_IMAGE_SLOT_SHIFT) & SONDE_IMAGE_SLOT_MASK;
  const ImageId image = slot < image_of_slot_.size() ? image_of_slot_[slot] : ImageId::kNone;
  return (frame & (SONDE_IMAGE_FP | SONDE_IMAGE_OFFSET_MASK)) |
         (std::uint64_t{static_cast<std::uint32_t>(image)} << SONDE_IMAGE_GENERATION_SHIFT);
}

}  // namespace sonde
