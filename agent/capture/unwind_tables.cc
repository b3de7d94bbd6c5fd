// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/unwind_tables.h"

#include <bpf/bpf.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace sonde {
namespace {

std::span<const std::byte> bytes_of(const auto& items) { return std::as_bytes(std::span(items)); }

Error exhausted(const char* what) { return Error{ErrorCode::kResourceExhausted, what}; }

}  // namespace

UnwindTables::UnwindTables(const TableMaps& maps, const TableLimits& limits)
    : maps_(maps),
      limits_{.chunks = std::clamp<std::uint32_t>(limits.chunks, 1, SONDE_MAX_CHUNKS),
              .rows_per_chunk = std::clamp<std::uint32_t>(
                  limits.rows_per_chunk, SONDE_MAX_ROWS_PER_PAGE, SONDE_CHUNK_ROWS),
              .ranges = std::min<std::uint32_t>(limits.ranges, SONDE_MAX_RANGES)},
      processes_(maps.processes, sizeof(sonde_process) * SONDE_MAX_PROCESSES),
      ranges_(maps.ranges, sizeof(sonde_range) * SONDE_MAX_RANGES),
      images_(maps.images, sizeof(sonde_image) * SONDE_MAX_IMAGES),
      pages_(maps.pages, sizeof(sonde_page) * SONDE_MAX_PAGES),
      page_space_(SONDE_MAX_PAGES),
      range_space_(limits_.ranges),
      image_slots_(SONDE_MAX_IMAGES),
      process_used_(SONDE_MAX_PROCESSES, false) {
  // Lowest slots first; slot 0 stays free so that an all-zero frame word never names an image.
  for (std::uint32_t slot = SONDE_MAX_IMAGES - 1; slot > 0; --slot) {
    free_slots_.push_back(static_cast<std::uint16_t>(slot));
  }
}

Result<std::unique_ptr<UnwindTables>> UnwindTables::create(const TableMaps& maps,
                                                           const TableLimits& limits) {
  std::unique_ptr<UnwindTables> tables(new UnwindTables(maps, limits));
  if (auto added = tables->add_chunk(); !added) return added.error();
  return tables;
}

// --- grace periods ------------------------------------------------------------------------------

Result<void> UnwindTables::wait_for_readers() {
  // GLOBAL is synchronize_rcu (kernel/sched/membarrier.c): no program that began before is running.
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return Error::from_errno(errno, "membarrier");
  // nohz_full kernels refuse it: writing a map-in-map slot waits for the same grace period.
  const std::uint32_t zero = 0;
  const int chunk = chunks_.front().fd.get();
  if (::bpf_map_update_elem(maps_.row_chunks, &zero, &chunk, BPF_ANY) != 0) {
    return Error::from_errno(errno, "wait for a grace period");
  }
  return {};
}

void UnwindTables::free_retired() {
  for (const Retired& item : std::exchange(retired_, {})) {
    for (const Extent& extent : item.rows) {
      chunks_[extent.chunk].space->release(extent.first, extent.count);
    }
    if (item.page_count > 0) page_space_.release(item.first_page, item.page_count);
    if (item.range_count > 0) range_space_.release(item.first_range, item.range_count);
    if (item.process_index >= 0)
      process_used_[static_cast<std::size_t>(item.process_index)] = false;
    if (item.image_slot >= 0) free_slots_.push_back(static_cast<std::uint16_t>(item.image_slot));
  }
}

// --- images and rows ----------------------------------------------------------------------------

std::uint64_t UnwindTables::chunk_bytes() const {
  return chunks_.size() * std::uint64_t{SONDE_CHUNK_ROWS} * sizeof(sonde_row);
}

std::uint64_t UnwindTables::free_rows() const {
  std::uint64_t rows = std::uint64_t{limits_.chunks} * limits_.rows_per_chunk;
  for (const Chunk& chunk : chunks_) rows -= chunk.space->used();
  return rows;
}

std::uint64_t UnwindTables::retired_rows() const {
  std::uint64_t rows = 0;
  for (const Retired& item : retired_) {
    for (const Extent& extent : item.rows) rows += extent.count;
  }
  return rows;
}

Result<void> UnwindTables::add_chunk() {
  if (chunks_.size() >= limits_.chunks) return exhausted("the budget of unwind rows is used up");
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = BPF_F_MMAPABLE;
  UniqueFd fd(::bpf_map_create(BPF_MAP_TYPE_ARRAY, "row_chunk", sizeof(std::uint32_t),
                               sizeof(sonde_row), SONDE_CHUNK_ROWS, &options));
  if (!fd) return Error::from_errno(errno, "create a chunk of unwind rows");
  const auto index = static_cast<std::uint32_t>(chunks_.size());
  const int raw = fd.get();
  if (::bpf_map_update_elem(maps_.row_chunks, &index, &raw, BPF_ANY) != 0) {
    return Error::from_errno(errno, "add a chunk of unwind rows");
  }
  chunks_.push_back(
      Chunk{.fd = std::move(fd),
            .window = std::make_unique<ArrayWindow>(raw, sizeof(sonde_row) * SONDE_CHUNK_ROWS),
            .space = std::make_unique<ExtentAllocator>(limits_.rows_per_chunk)});
  return {};
}

Result<ImageSlot> UnwindTables::add_image() {
  if (free_slots_.empty()) return exhausted("every image slot is taken");
  const std::uint16_t slot = free_slots_.back();
  free_slots_.pop_back();
  Image& image = image_slots_[slot];
  image = Image{.generation = static_cast<std::uint8_t>(image.generation + 1), .used = true};
  return ImageSlot{slot, image.generation};
}

// The largest extent up to `wanted` rows; a new chunk when even the best gap is a small part.
Result<UnwindTables::Extent> UnwindTables::allocate_rows(std::uint32_t wanted) {
  std::uint32_t best = 0, best_free = 0;
  for (std::uint32_t i = 0; i < chunks_.size(); ++i) {
    const std::uint32_t free = chunks_[i].space->largest_free();
    if (free >= wanted) return Extent{i, chunks_[i].space->allocate(wanted).value(), wanted};
    if (free > best_free) best = i, best_free = free;
  }
  if (best_free < SONDE_MAX_ROWS_PER_PAGE) {
    if (auto added = add_chunk(); !added) return added.error();
    best = static_cast<std::uint32_t>(chunks_.size() - 1);
    best_free = limits_.rows_per_chunk;
  }
  const std::uint32_t count = std::min(wanted, best_free);
  return Extent{best, chunks_[best].space->allocate(count).value(), count};
}

// Copies the rows of `count` pages from `page` on, which fit `extent`, and fills their entries.
Result<void> UnwindTables::copy_rows(const RowTable& table, std::size_t page, std::size_t count,
                                     Extent extent, std::vector<sonde_page>& pages) {
  std::uint32_t at = extent.first;
  for (std::size_t i = page; i < page + count; ++i) {
    const sonde_page& from = table.pages[i];
    if (from.count == 0) continue;
    const std::span rows = std::span(table.rows).subspan(from.first, from.count);
    auto written = chunks_[extent.chunk].window->write(at * sizeof(sonde_row), bytes_of(rows));
    if (!written) return written;
    pages[i] = sonde_page{(extent.chunk << SONDE_CHUNK_SHIFT) | at, from.count};
    at += from.count;
  }
  return {};
}

Result<void> UnwindTables::place_rows(const RowTable& table, Image& image,
                                      std::vector<sonde_page>& pages) {
  std::size_t page = 0;
  std::uint32_t rows_left = 0;
  for (const sonde_page& entry : table.pages) rows_left += entry.count;
  while (rows_left > 0) {
    const auto extent = allocate_rows(rows_left);
    if (!extent) return extent.error();
    std::uint32_t used = 0;
    std::size_t count = 0;
    while (page + count < table.pages.size() &&
           used + table.pages[page + count].count <= extent->count) {
      used += table.pages[page + count].count;
      ++count;
    }
    if (extent->count > used) {  // pages never cross an extent: give the tail back
      chunks_[extent->chunk].space->release(extent->first + used, extent->count - used);
    }
    if (used == 0) return Error{ErrorCode::kInvalidArgument, "a page has more rows than an extent"};
    image.rows.push_back(Extent{extent->chunk, extent->first, used});
    if (auto copied = copy_rows(table, page, count, *extent, pages); !copied) return copied;
    page += count;
    rows_left -= used;
  }
  return {};
}

Result<void> UnwindTables::publish_rows(ImageSlot slot, const RowTable& table) {
  Image& image = image_slots_[slot.slot];
  if (image.page_count > 0) withdraw_rows(slot);
  std::uint64_t packed = SONDE_TABLE_EMPTY;
  if (!table.pages.empty()) {
    const auto page_count = static_cast<std::uint32_t>(table.pages.size());
    if (table.first_page > SONDE_TABLE_BASE_MASK || page_count > SONDE_TABLE_COUNT_MASK) {
      return Error{ErrorCode::kOutOfRange, "text beyond the reach of the unwind tables"};
    }
    const auto first = page_space_.allocate(page_count);
    if (!first) return exhausted("the table of text pages is full");
    image.first_page = *first;
    image.page_count = page_count;
    std::vector<sonde_page> pages(page_count);
    auto done = place_rows(table, image, pages);
    if (done) done = pages_.write(*first * sizeof(sonde_page), bytes_of(pages));
    if (!done) {  // nothing was published: what was taken can be freed at once
      for (const Extent& extent : std::exchange(image.rows, {})) {
        chunks_[extent.chunk].space->release(extent.first, extent.count);
      }
      page_space_.release(image.first_page, std::exchange(image.page_count, 0));
      return done;
    }
    packed = std::uint64_t{*first} | (std::uint64_t{page_count} << SONDE_TABLE_COUNT_SHIFT) |
             (table.first_page << SONDE_TABLE_BASE_SHIFT);
  }
  return images_.publish(slot.slot * sizeof(sonde_image), packed);
}

void UnwindTables::retire_rows(Image& image) {
  retired_.push_back(Retired{.rows = std::exchange(image.rows, {}),
                             .first_page = image.first_page,
                             .page_count = std::exchange(image.page_count, 0)});
}

void UnwindTables::withdraw_rows(ImageSlot slot) {
  Image& image = image_slots_[slot.slot];
  if (!image.used || image.generation != slot.generation) return;
  (void)images_.publish(slot.slot * sizeof(sonde_image), 0);
  retire_rows(image);
}

void UnwindTables::remove_image(ImageSlot slot) {
  Image& image = image_slots_[slot.slot];
  if (!image.used || image.generation != slot.generation) return;
  (void)images_.publish(slot.slot * sizeof(sonde_image), 0);
  retire_rows(image);
  retired_.back().image_slot = slot.slot;
  image = Image{.generation = image.generation};
}

// --- reading ------------------------------------------------------------------------------------

std::uint64_t UnwindTables::read_image(std::uint32_t slot) {
  const auto table = images_.load(slot * sizeof(sonde_image));
  return table ? *table : 0;
}

std::optional<sonde_page> UnwindTables::read_page(std::uint32_t index) {
  const auto word = pages_.load(index * sizeof(sonde_page));
  if (!word) return std::nullopt;
  return std::bit_cast<sonde_page>(*word);
}

std::optional<sonde_row> UnwindTables::read_row(std::uint32_t chunk, std::uint32_t row) {
  if (chunk >= chunks_.size()) return std::nullopt;
  const auto word = chunks_[chunk].window->load(row * sizeof(sonde_row));
  if (!word) return std::nullopt;
  return std::bit_cast<sonde_row>(*word);
}

void UnwindTables::release_windows() {
  for (ArrayWindow* window : {&processes_, &ranges_, &images_, &pages_}) window->release();
  for (Chunk& chunk : chunks_) chunk.window->release();
}

// --- processes and ranges -----------------------------------------------------------------------

void UnwindTables::retire_block(const std::shared_ptr<Block>& block) {
  if (block == nullptr || --block->users > 0 || block->count == 0) return;
  retired_.push_back(Retired{.first_range = block->first, .range_count = block->count});
}

Result<UnwindTables::Entry*> UnwindTables::find_or_add(const ProcessKey& process) {
  if (const auto known = entries_.find(process.tgid); known != entries_.end()) {
    if (known->second.start_ticks == process.start_ticks) return &known->second;
    remove_process({process.tgid, known->second.start_ticks});  // its pid was used again
  }
  const std::uint32_t hash = SONDE_PROCESS_HASH(process.tgid);
  for (std::uint32_t probe = 0; probe < SONDE_PROCESS_PROBES; ++probe) {
    const std::uint32_t index = (hash + probe) & (SONDE_MAX_PROCESSES - 1);
    if (process_used_[index]) continue;
    const sonde_process fresh{
        .key = 0, .start_time = process.start_ticks, .block = 0, .divisor = 0};
    const std::size_t at = index * sizeof(sonde_process);
    auto written = processes_.write(at, std::as_bytes(std::span(&fresh, 1)));
    if (written) written = processes_.publish(at, std::uint64_t{process.tgid} + 1);
    if (!written) return written.error();
    process_used_[index] = true;
    return &entries_.emplace(process.tgid, Entry{index, process.start_ticks, nullptr, 0})
                .first->second;
  }
  return exhausted("the table of processes is full");
}

Result<void> UnwindTables::publish_block(Entry& entry, std::shared_ptr<Block> block) {
  const std::uint64_t packed = block->first | (std::uint64_t{block->count} << 32);
  const std::size_t at = entry.index * sizeof(sonde_process) + offsetof(sonde_process, block);
  auto published = processes_.publish(at, packed);
  if (!published) return published;
  ++block->users;
  retire_block(std::exchange(entry.block, std::move(block)));
  return {};
}

Result<void> UnwindTables::set_ranges(const ProcessKey& process,
                                      std::span<const sonde_range> ranges) {
  if (ranges.size() > SONDE_MAX_RANGES_PER_PROCESS) return exhausted("too many ranges");
  const auto entry = find_or_add(process);
  if (!entry) return entry.error();
  auto block = std::make_shared<Block>();
  block->count = static_cast<std::uint32_t>(ranges.size());
  if (block->count > 0) {
    const auto first = range_space_.allocate(block->count);
    if (!first) return exhausted("the table of ranges is full");
    block->first = *first;
    if (auto written = ranges_.write(*first * sizeof(sonde_range), std::as_bytes(ranges));
        !written) {
      range_space_.release(*first, block->count);
      return written;
    }
  }
  return publish_block(**entry, std::move(block));
}

Result<void> UnwindTables::set_divisor(const ProcessKey& process, std::uint64_t divisor) {
  const auto found = entries_.find(process.tgid);
  if (found == entries_.end() || found->second.start_ticks != process.start_ticks) {
    return Error{ErrorCode::kNotFound, "no such process in the table"};
  }
  const std::size_t entry = found->second.index * sizeof(sonde_process);
  return processes_.publish(entry + offsetof(sonde_process, divisor), divisor);
}

Result<void> UnwindTables::share_ranges(const ProcessKey& child, const ProcessKey& parent) {
  const auto from = entries_.find(parent.tgid);
  if (from == entries_.end() || from->second.start_ticks != parent.start_ticks ||
      from->second.block == nullptr) {
    return Error{ErrorCode::kNotFound, "the parent has no ranges"};
  }
  const std::shared_ptr<Block> block = from->second.block;
  const auto entry = find_or_add(child);
  if (!entry) return entry.error();
  return publish_block(**entry, block);
}

bool UnwindTables::has_process(const ProcessKey& process) const {
  const auto found = entries_.find(process.tgid);
  return found != entries_.end() && found->second.start_ticks == process.start_ticks &&
         found->second.block != nullptr;
}

bool UnwindTables::touch(const ProcessKey& process, std::uint64_t now_ns) {
  const auto found = entries_.find(process.tgid);
  if (found == entries_.end()) return false;
  found->second.used_ns = now_ns;
  return found->second.start_ticks == process.start_ticks && found->second.block != nullptr;
}

bool UnwindTables::has_free_probe(std::uint32_t tgid) const {
  for (std::uint32_t probe = 0; probe < SONDE_PROCESS_PROBES; ++probe) {
    const std::uint32_t index = (SONDE_PROCESS_HASH(tgid) + probe) & (SONDE_MAX_PROCESSES - 1);
    if (!process_used_[index]) return true;
  }
  return false;
}

std::size_t UnwindTables::evict_for(const ProcessKey& process, std::uint32_t ranges,
                                    std::uint64_t unused_since) {
  const bool any_place = entries_.contains(process.tgid) || has_free_probe(process.tgid);
  const std::uint32_t hash = SONDE_PROCESS_HASH(process.tgid);
  std::vector<std::pair<std::uint64_t, ProcessKey>> cold;  // last tick, who
  for (const auto& [tgid, entry] : entries_) {
    const std::uint32_t distance =
        (static_cast<std::uint32_t>(entry.index) - hash) & (SONDE_MAX_PROCESSES - 1);
    if (entry.used_ns >= unused_since || tgid == process.tgid) continue;
    if (any_place ? entry.block == nullptr || entry.block->count == 0
                  : distance >= SONDE_PROCESS_PROBES) {
      continue;
    }
    cold.emplace_back(entry.used_ns, ProcessKey{tgid, entry.start_ticks});
  }
  std::ranges::sort(cold, {},
                    [](const auto& one) { return std::pair(one.first, one.second.tgid); });
  std::size_t evicted = 0;
  std::uint32_t freed = 0;
  for (const auto& [used, key] : cold) {
    if (any_place ? freed >= ranges + ranges / 4 : evicted > 0) break;
    const std::shared_ptr<Block> block = entries_.at(key.tgid).block;
    remove_process(key);
    if (block != nullptr && block->users == 0) freed += block->count;
    ++evicted;
  }
  return evicted;
}

void UnwindTables::remove_process(const ProcessKey& process) {
  const auto found = entries_.find(process.tgid);
  if (found == entries_.end() || found->second.start_ticks != process.start_ticks) return;
  (void)processes_.publish(found->second.index * sizeof(sonde_process), 0);
  retired_.push_back(Retired{.process_index = found->second.index});
  retire_block(found->second.block);
  entries_.erase(found);
}

}  // namespace sonde
