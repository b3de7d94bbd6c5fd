// SPDX-License-Identifier: Apache-2.0
// Writes into a BPF_F_MMAPABLE array map through one sliding window of at most 1 MiB: a mapped BPF
// array counts in RSS as a whole, touched or not, so a table is never mapped entire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/result.h"

namespace sonde {

// Thread-confined.
class ArrayWindow {
 public:
  static constexpr std::size_t kWindowBytes = std::size_t{1} << 20;

  // map_fd      stays owned by the caller and must outlive this.
  // map_bytes   max_entries * value size (a multiple of 8).
  ArrayWindow(int map_fd, std::size_t map_bytes) : map_fd_(map_fd), map_bytes_(map_bytes) {}
  ~ArrayWindow();
  ArrayWindow(const ArrayWindow&) = delete;
  ArrayWindow& operator=(const ArrayWindow&) = delete;
  ArrayWindow(ArrayWindow&& other) noexcept;
  ArrayWindow& operator=(ArrayWindow&&) = delete;

  // Copies `bytes` to `offset`. Not atomic: only for space no reader can reach yet.
  // errors: kOutOfRange; those of mmap(2).
  Result<void> write(std::size_t offset, std::span<const std::byte> bytes);
  // One aligned 8-byte store, after everything written before it: this publishes.
  Result<void> publish(std::size_t offset, std::uint64_t value);
  // One aligned 8-byte load.
  Result<std::uint64_t> load(std::size_t offset);
  // Unmaps the window; the next access maps it again.
  void release();

 private:
  // Maps the window that holds `offset`; returns its address of `offset` and sets the bytes left.
  Result<std::byte*> locate(std::size_t offset, std::size_t& left);

  int map_fd_;
  std::size_t map_bytes_;
  std::byte* window_ = nullptr;
  std::size_t window_offset_ = 0;
  std::size_t window_size_ = 0;
};

}  // namespace sonde
