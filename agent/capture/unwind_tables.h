// SPDX-License-Identifier: Apache-2.0
// The writer of the kernel's unwind tables (bpf/abi/rows.h). Nothing a reader can reach is ever
// edited: new content goes to free space, one 8-byte store publishes it, what it replaced is
// retired and becomes free only after a grace period (reclaim).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "agent/capture/array_window.h"
#include "bpf/abi/rows.h"
#include "core/base/extent_allocator.h"
#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/model/row_table.h"

namespace sonde {

// A place for one image in the kernel tables. Frames carry both numbers; a slot is used again
// under the next generation.
struct ImageSlot {
  std::uint16_t slot = 0;
  std::uint8_t generation = 0;
  bool operator==(const ImageSlot&) const = default;
};

// Identity of a process: its start in 10 ms ticks since boot tells one pid's users apart.
struct ProcessKey {
  std::uint32_t tgid = 0;
  std::uint64_t start_ticks = 0;
  bool operator==(const ProcessKey&) const = default;
};

// Map descriptors, owned by whoever loaded the BPF object and outliving the tables.
struct TableMaps {
  int processes = -1;
  int ranges = -1;
  int images = -1;
  int pages = -1;
  int row_chunks = -1;
};

// How much of the maps may be used.
struct TableLimits {
  std::uint32_t chunks = SONDE_MAX_CHUNKS;  // of rows: 4 MiB of kernel memory each; at least 1
  std::uint32_t rows_per_chunk = SONDE_CHUNK_ROWS;
  std::uint32_t ranges = SONDE_MAX_RANGES;
};

// Thread-confined.
class UnwindTables {
 public:
  static Result<std::unique_ptr<UnwindTables>> create(const TableMaps& maps,
                                                      const TableLimits& limits);

  // Takes a slot; its rows are unpublished until publish_rows.
  // errors: kResourceExhausted (every slot is taken).
  Result<ImageSlot> add_image();
  // Publishes an image's rows; an empty table means `has no rows: step by frame pointer`.
  // errors: kResourceExhausted (the budget of rows or pages), those of bpf(2) and mmap(2).
  // cost: a copy; a new chunk, once per 524,288 rows, waits 10-15 ms for the kernel.
  Result<void> publish_rows(ImageSlot image, const RowTable& table);
  // Takes an image's rows out; it keeps its slot, and walks that reach it miss them.
  void withdraw_rows(ImageSlot image);
  void remove_image(ImageSlot image);

  // Publishes a process's ranges (sorted by begin, no overlap), replacing what it had.
  // errors: kResourceExhausted (the table of processes or ranges is full).
  Result<void> set_ranges(const ProcessKey& process, std::span<const sonde_range> ranges);
  // Keeps each n-th tick of a CPU for this process, at n times the weight; 0 = as all others
  // (CpuSampler::set_divisor), SONDE_DIVISOR_NEVER = none.
  // errors: kNotFound (set_ranges or share_ranges comes first).
  Result<void> set_divisor(const ProcessKey& process, std::uint64_t divisor);
  // A forked child uses its parent's ranges until either sets its own.
  Result<void> share_ranges(const ProcessKey& child, const ProcessKey& parent);
  void remove_process(const ProcessKey& process);
  // It has ranges there.
  [[nodiscard]] bool has_process(const ProcessKey& process) const;
  // A tick hit the process: it is among the last to be evicted. False if it has no ranges there.
  bool touch(const ProcessKey& process, std::uint64_t now_ns);
  // Removes processes that no tick hit since `unused_since`, longest unused first, until `process`
  // with `ranges` ranges fits after the next reclaim. Returns how many; 0: they are all in use.
  std::size_t evict_for(const ProcessKey& process, std::uint32_t ranges,
                        std::uint64_t unused_since);

  [[nodiscard]] bool has_retired() const { return !retired_.empty(); }
  // Waits until no tick can still be using what was retired, then calls `drain` (which must empty
  // the sample ring, whose frames may name retired slots) and frees it; not yet if `drain` says
  // false: samples wait that may name them. Cost: one grace period, 10-20 ms; call it rarely.
  template <typename Drain>
  Result<void> reclaim(Drain&& drain) {
    if (auto waited = wait_for_readers(); !waited) return waited;
    if (drain()) free_retired();
    return {};
  }

  // What a walk in userspace reads, as the kernel's walks see it. nullopt: no such entry.
  [[nodiscard]] std::uint64_t read_image(std::uint32_t slot);
  [[nodiscard]] std::optional<sonde_page> read_page(std::uint32_t index);
  [[nodiscard]] std::optional<sonde_row> read_row(std::uint32_t chunk, std::uint32_t row);
  // Unmaps what is mapped of the tables; the next access maps it again. A window counts in RSS.
  void release_windows();

  // Rows within the limits that nothing uses.
  [[nodiscard]] std::uint64_t free_rows() const;
  // Rows that the next reclaim frees.
  [[nodiscard]] std::uint64_t retired_rows() const;
  // Kernel memory of the row chunks made so far.
  [[nodiscard]] std::uint64_t chunk_bytes() const;

 private:
  struct Chunk {
    UniqueFd fd;
    std::unique_ptr<ArrayWindow> window;
    std::unique_ptr<ExtentAllocator> space;
  };
  struct Extent {
    std::uint32_t chunk = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  struct Image {
    std::uint8_t generation = 0;
    bool used = false;
    std::uint32_t first_page = 0;
    std::uint32_t page_count = 0;
    std::vector<Extent> rows{};
  };
  struct Block {  // ranges; shared by forked processes
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    std::uint32_t users = 0;
  };
  struct Entry {
    std::uint32_t index = 0;  // in the kernel's process table
    std::uint64_t start_ticks = 0;
    std::shared_ptr<Block> block;
    std::uint64_t used_ns = 0;  // last tick
  };
  struct Retired {
    std::vector<Extent> rows{};
    std::uint32_t first_page = 0, page_count = 0;
    std::uint32_t first_range = 0, range_count = 0;
    std::int64_t process_index = -1;
    std::int64_t image_slot = -1;
  };

  UnwindTables(const TableMaps& maps, const TableLimits& limits);

  Result<void> wait_for_readers();
  void free_retired();
  void retire_rows(Image& image);
  [[nodiscard]] bool has_free_probe(std::uint32_t tgid) const;
  Result<void> add_chunk();
  Result<Extent> allocate_rows(std::uint32_t wanted);
  Result<void> place_rows(const RowTable& table, Image& image, std::vector<sonde_page>& pages);
  Result<void> copy_rows(const RowTable& table, std::size_t page, std::size_t count, Extent extent,
                         std::vector<sonde_page>& pages);
  Result<Entry*> find_or_add(const ProcessKey& process);
  Result<void> publish_block(Entry& entry, std::shared_ptr<Block> block);
  void retire_block(const std::shared_ptr<Block>& block);

  const TableMaps maps_;
  const TableLimits limits_;
  ArrayWindow processes_;
  ArrayWindow ranges_;
  ArrayWindow images_;
  ArrayWindow pages_;
  std::vector<Chunk> chunks_;
  ExtentAllocator page_space_;
  ExtentAllocator range_space_;
  std::vector<Image> image_slots_;
  std::vector<std::uint16_t> free_slots_;
  std::vector<bool> process_used_;
  std::unordered_map<std::uint32_t, Entry> entries_;  // by tgid
  std::vector<Retired> retired_;
};

}  // namespace sonde
