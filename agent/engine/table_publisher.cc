// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/table_publisher.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "bpf/abi/frame.h"
#include "core/base/log.h"
#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

constexpr std::uint32_t kMaxRetries = 1000;
constexpr std::size_t kManyRanges = 1024;
constexpr std::uint64_t kPauseNsPerRange = 100'000;  // 16,384 ranges: each 1.6 s
constexpr std::uint64_t kBetweenFeedsNs = 1'000'000'000;
constexpr std::uint64_t kBetweenTriesNs = 100'000'000;

std::uint64_t kind_bits(RangeKind kind) {
  switch (kind) {
    case RangeKind::kImage:
      return SONDE_RANGE_IMAGE << SONDE_RANGE_KIND_SHIFT;
    case RangeKind::kAnonymous:
      return SONDE_RANGE_ANONYMOUS << SONDE_RANGE_KIND_SHIFT;
    case RangeKind::kOpaque:
      return SONDE_RANGE_OPAQUE << SONDE_RANGE_KIND_SHIFT;
    case RangeKind::kProbeCall:
      return SONDE_RANGE_PROBE_CALL << SONDE_RANGE_KIND_SHIFT;
  }
  return SONDE_RANGE_OPAQUE << SONDE_RANGE_KIND_SHIFT;
}

// The `most` ranges that stacks are likely to need: those of the files (or of the memory without a
// file) that have fewest, then the largest. A crowd of small ones is of one kind as a rule.
std::vector<CodeRange> choose_ranges(const std::vector<CodeRange>& ranges, std::size_t most) {
  std::unordered_map<ImageId, std::size_t> of_image;
  for (const CodeRange& range : ranges) ++of_image[range.image];
  using Key = std::tuple<std::size_t, std::uint64_t, std::size_t>;  // ranges, -bytes, place
  std::vector<Key> order;
  order.reserve(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    order.emplace_back(of_image[ranges[i].image], ranges[i].begin - ranges[i].end, i);
  }
  std::ranges::nth_element(order, order.begin() + static_cast<std::ptrdiff_t>(most));
  order.resize(most);
  std::ranges::sort(order, {}, [](const Key& key) { return std::get<2>(key); });
  std::vector<CodeRange> chosen;
  chosen.reserve(most);
  for (const Key& key : order) chosen.push_back(ranges[std::get<2>(key)]);
  return chosen;
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
  loader_.request(image, file.fd->get());
  return true;
}

void TablePublisher::demand(ImageId image) {
  const auto index = static_cast<std::size_t>(image);
  if (index >= slots_.size() || !slots_[index].known) return;
  SlotState& state = slots_[index];
  state.used_ns = now_ns_;
  if (std::exchange(state.out, false)) loader_.request(image, images_.at(image).fd->get());
  loader_.demand(image);
}

bool TablePublisher::waits_for_room(ImageId image) const {
  return std::ranges::find(waiting_, image, &LoadedRows::image) != waiting_.end();
}

void TablePublisher::release(ImageId image) {
  const auto index = static_cast<std::size_t>(image);
  if (index >= slots_.size() || !slots_[index].known) return;
  tables_.remove_image(slots_[index].slot);
  image_of_slot_[slots_[index].slot.slot] = ImageId::kNone;
  slots_[index] = SlotState{};
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
        count(TableLoss::kTableFull);  // walked by frame pointer, named from the process's ranges
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

// --- processes ----------------------------------------------------------------------------------

void TablePublisher::publish_change(const ProcessTable& processes, const ProcessChange& change) {
  const ProcessKey key{change.tgid, change.start_ticks};
  if (change.kind == ProcessChange::Kind::kGone) {
    tables_.remove_process(key);
    wanted_.erase(change.tgid);
    late_.erase(change.tgid);
    many_.erase(change.tgid);
    return;
  }
  if (change.kind == ProcessChange::Kind::kShared &&
      tables_.share_ranges(key, {change.parent_tgid, change.parent_start_ticks})) {
    return;
  }
  const Process* process = processes.find(change.tgid);
  if (process == nullptr || process->start_ticks != change.start_ticks) return;
  publish_ranges(*process);
}

// What is published is in the kernel twice until the next reclaim, and converting it takes time.
bool TablePublisher::too_soon(const Process& process) {
  if (process.ranges->size() < kManyRanges) return false;
  Many& many = many_[process.tgid];
  const std::uint64_t pause = std::min(process.ranges->size(), kMaxRanges) * kPauseNsPerRange;
  if (many.published_ns == 0 || now_ns_ - many.published_ns >= pause) {
    many = {.published_ns = now_ns_, .replacements = process.replacements};
    return false;
  }
  late_[process.tgid] = process.start_ticks;
  // Better no ranges than those of code that is not there any more: ticks are deferred meanwhile.
  if (many.replacements != process.replacements) {
    tables_.remove_process({process.tgid, process.start_ticks});
  }
  return true;
}

void TablePublisher::publish_ranges(const Process& process) {
  if (too_soon(process)) return;
  const ProcessKey key{process.tgid, process.start_ticks};
  // Forked before what both have was published.
  const auto same = same_ranges_.find(process.ranges.get());
  if (same != same_ranges_.end() && tables_.share_ranges(key, same->second)) return;
  std::vector<CodeRange> chosen;
  const std::vector<CodeRange>* ranges = process.ranges.get();
  if (ranges->size() > kMaxRanges) {
    count(TableLoss::kRangesCut);
    chosen = choose_ranges(*ranges, kMaxRanges);
    ranges = &chosen;
  }
  if (tables_.set_ranges(key, to_kernel(*ranges))) {
    same_ranges_.insert_or_assign(process.ranges.get(), key);
    return;
  }
  count(TableLoss::kTableFull);
  tables_.remove_process(key);  // what it had there is out of date
}

void TablePublisher::touch(const ProcessKey& process) {
  if (!tables_.touch(process, now_ns_)) wanted_[process.tgid] = process.start_ticks;
}

// Processes that a tick met while they had no place. The room that is made for them is there after
// the next reclaim, so this is tried again.
void TablePublisher::publish_missing(const ProcessTable& processes) {
  if (wanted_.empty() || now_ns_ - tried_ns_ < kBetweenTriesNs) return;
  tried_ns_ = now_ns_;
  room_made_ = false;
  for (const auto& [tgid, start] : std::exchange(wanted_, {})) {
    const Process* process = processes.find(tgid);
    const ProcessKey key{tgid, start};
    if (process == nullptr || process->start_ticks != start || tables_.has_process(key)) continue;
    publish_ranges(*process);
    if (tables_.touch(key, now_ns_) || late_.count(tgid) > 0) continue;
    const auto ranges = static_cast<std::uint32_t>(std::min(process->ranges->size(), kMaxRanges));
    const std::size_t evicted = tables_.evict_for(key, ranges, unused_since());
    count(TableLoss::kProcessesEvicted, evicted);
    if (evicted == 0) continue;
    room_made_ = true;
    wanted_.emplace(tgid, start);
  }
}

void TablePublisher::publish(ProcessTable& processes, std::uint64_t now_ns) {
  now_ns_ = now_ns;
  for (const ProcessChange& change : processes.take_changes()) publish_change(processes, change);
  for (const auto& [tgid, start] : std::exchange(late_, {})) {
    const Process* process = processes.find(tgid);
    if (process != nullptr && process->start_ticks == start) publish_ranges(*process);
  }
  publish_missing(processes);
  same_ranges_.clear();
}

// --- rows ---------------------------------------------------------------------------------------

// Whoever kills the worker says nothing about the file: its rows are asked for again.
bool TablePublisher::ask_again(const LoadedRows& loaded) {
  SlotState& state = slots_[static_cast<std::size_t>(loaded.image)];
  if (loaded.rows || reason_of(loaded.rows.error()) != Reason::kWorkerKilled ||
      state.retries >= kMaxRetries) {
    return false;
  }
  ++state.retries;
  ++counts_.rows_retried;
  loader_.request(loaded.image, images_.at(loaded.image).fd->get());
  return true;
}

void TablePublisher::publish_rows() {
  for (LoadedRows& loaded : loader_.take()) {
    if (ask_again(loaded)) continue;
    ++publications_;
    if (loaded.rows) {
      counts_.rows_unsupported += loaded.rows->unsupported_rows;
      place(std::move(loaded));
      continue;
    }
    ++counts_.rows_failed;
    log_debug(images_.at(loaded.image).path + ": no unwind rows: " + loaded.rows.error().message);
    // Published as empty, so that walks go on by frame pointer instead of waiting for ever.
    (void)tables_.publish_rows(slots_[static_cast<std::size_t>(loaded.image)].slot, RowTable{});
  }
  feed_starved();
}

void TablePublisher::publish_waiting() {
  std::vector<LoadedRows> waited = std::exchange(waiting_, {});
  for (LoadedRows& loaded : waited) {
    ++publications_;
    place(std::move(loaded));
  }
}

// Publishes rows, or makes room for them first if a walk asked for them.
void TablePublisher::place(LoadedRows&& loaded) {
  SlotState& state = slots_[static_cast<std::size_t>(loaded.image)];
  state.rows = static_cast<std::uint32_t>(loaded.rows->rows.size());
  state.pages = static_cast<std::uint32_t>(loaded.rows->pages.size());
  // The room that is being made is not for those that nothing asked for.
  const bool unasked = state.used_ns == 0 && !waiting_.empty();
  const Result<void> published = unasked ? Error{ErrorCode::kResourceExhausted, "room is wanted"}
                                         : tables_.publish_rows(state.slot, *loaded.rows);
  if (published) {
    state.out = state.starved = false;
    return;
  }
  log_debug(fmt::format("{}: {} rows, {} free: {}", images_.at(loaded.image).path, state.rows,
                        tables_.free_rows(), published.error().message));
  const bool full = published.error().code == ErrorCode::kResourceExhausted;
  if (full && state.used_ns == 0) {
    count(TableLoss::kRowsLeftOut);
    state.out = true;
    state.rows = state.pages = 0;
  } else if (full && make_room(state)) {
    waiting_.push_back(std::move(loaded));
  } else {  // walks go on by frame pointer
    count(TableLoss::kRowsOverBudget);
    state.starved = full;
    (void)tables_.publish_rows(state.slot, RowTable{});
  }
}

// Images whose rows no walk met for a while, longest unused first.
std::vector<TablePublisher::SlotState*> TablePublisher::cold_images() {
  std::vector<SlotState*> cold;
  for (SlotState& state : slots_) {
    if (state.rows > 0 && !state.starved && state.used_ns < unused_since()) cold.push_back(&state);
  }
  std::ranges::stable_sort(cold, {}, &SlotState::used_ns);
  return cold;
}

// What the next reclaim frees and nobody waits for yet.
std::uint64_t TablePublisher::rows_to_come() const {
  std::uint64_t wanted = 0;
  for (const LoadedRows& loaded : waiting_) wanted += loaded.rows->rows.size();
  return tables_.retired_rows() - std::min(tables_.retired_rows(), wanted);
}

// Takes out the rows of cold images until `wanted` fits after the next reclaim. False if even all
// of them would not do, or a part has been tried before.
bool TablePublisher::make_room(const SlotState& wanted) {
  const std::vector<SlotState*> cold = cold_images();
  std::uint64_t rows = rows_to_come(), pages = 0;
  std::uint64_t unused = 0;
  for (const SlotState* state : cold) unused += state->rows;
  log_debug(fmt::format("{} images with {} rows are not in use, {} come free", cold.size(), unused,
                        rows));
  if (tables_.free_rows() + rows + unused < wanted.rows) return false;
  for (SlotState* state : cold) {
    // A quarter more than is needed: what becomes free lies in pieces.
    if (rows >= wanted.rows + wanted.rows / 4 && pages >= wanted.pages + wanted.pages / 4) break;
    if (state == &wanted) continue;
    rows += std::exchange(state->rows, 0);
    pages += std::exchange(state->pages, 0);
    state->out = true;
    tables_.withdraw_rows(state->slot);
    count(TableLoss::kRowsEvicted);
  }
  return rows > 0;
}

// Images that got no rows because all others were in use: once there is room, walks ask again.
void TablePublisher::feed_starved() {
  if (now_ns_ - fed_ns_ < kBetweenFeedsNs) return;
  fed_ns_ = now_ns_;
  std::uint64_t room = tables_.free_rows() + rows_to_come();
  for (const SlotState* state : cold_images()) room += state->rows;
  for (SlotState& state : slots_) {
    if (!state.starved || state.used_ns < unused_since() || state.rows > room) continue;
    room -= state.rows;
    state.rows = state.pages = 0;
    state.starved = false;
    state.out = true;
    tables_.withdraw_rows(state.slot);
  }
}

FrameWord TablePublisher::translate(std::uint64_t frame) {
  if (SONDE_FRAME_TAG(frame) != SONDE_TAG_IMAGE) return frame;
  const std::size_t slot = (frame >> SONDE_IMAGE_SLOT_SHIFT) & SONDE_IMAGE_SLOT_MASK;
  const ImageId image = slot < image_of_slot_.size() ? image_of_slot_[slot] : ImageId::kNone;
  if (image != ImageId::kNone) slots_[static_cast<std::size_t>(image)].used_ns = now_ns_;
  return (frame & (SONDE_IMAGE_FP | SONDE_IMAGE_OFFSET_MASK)) |
         (std::uint64_t{static_cast<std::uint32_t>(image)} << SONDE_IMAGE_GENERATION_SHIFT);
}

}  // namespace sonde
