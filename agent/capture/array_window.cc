// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/array_window.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sonde {
namespace {

constexpr std::size_t kPageBytes = 4096;

std::size_t round_up_to_page(std::size_t bytes) {
  return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

}  // namespace

ArrayWindow::~ArrayWindow() { release(); }

ArrayWindow::ArrayWindow(ArrayWindow&& other) noexcept
    : map_fd_(other.map_fd_),
      map_bytes_(other.map_bytes_),
      window_(std::exchange(other.window_, nullptr)),
      window_offset_(other.window_offset_),
      window_size_(other.window_size_) {}

void ArrayWindow::release() {
  if (window_ != nullptr) ::munmap(std::exchange(window_, nullptr), window_size_);
}

Result<std::byte*> ArrayWindow::locate(std::size_t offset, std::size_t& left) {
  if (offset >= map_bytes_) return Error{ErrorCode::kOutOfRange, "write past the end of a table"};
  const bool inside =
      window_ != nullptr && offset >= window_offset_ && offset - window_offset_ < window_size_;
  if (!inside) {
    release();
    window_offset_ = offset / kWindowBytes * kWindowBytes;
    window_size_ = std::min(kWindowBytes, round_up_to_page(map_bytes_) - window_offset_);
    void* mapped = ::mmap(nullptr, window_size_, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd_,
                          static_cast<off_t>(window_offset_));
    if (mapped == MAP_FAILED) return Error::from_errno(errno, "mmap a table");
    window_ = static_cast<std::byte*>(mapped);
  }
  left = window_size_ - (offset - window_offset_);
  return window_ + (offset - window_offset_);
}

Result<void> ArrayWindow::write(std::size_t offset, std::span<const std::byte> bytes) {
  if (bytes.size() > map_bytes_ || offset > map_bytes_ - bytes.size()) {
    return Error{ErrorCode::kOutOfRange, "write past the end of a table"};
  }
  while (!bytes.empty()) {
    std::size_t left = 0;
    const auto at = locate(offset, left);
    if (!at) return at.error();
    const std::size_t step = std::min(left, bytes.size());
    std::memcpy(*at, bytes.data(), step);
    bytes = bytes.subspan(step);
    offset += step;
  }
  return {};
}

Result<void> ArrayWindow::publish(std::size_t offset, std::uint64_t value) {
  std::size_t left = 0;
  const auto at = locate(offset, left);
  if (!at) return at.error();
  // The map's memory is aligned and lives outside the C++ object model, hence the cast.
  auto* word = reinterpret_cast<std::uint64_t*>(*at);
  std::atomic_ref<std::uint64_t>(*word).store(value, std::memory_order_release);
  return {};
}

Result<std::uint64_t> ArrayWindow::load(std::size_t offset) {
  std::size_t left = 0;
  const auto at = locate(offset, left);
  if (!at) return at.error();
  auto* word = reinterpret_cast<std::uint64_t*>(*at);
  return std::atomic_ref<std::uint64_t>(*word).load(std::memory_order_acquire);
}

}  // namespace sonde
