// SPDX-License-Identifier: Apache-2.0
// New executable mappings and execs of every process, and functions that the kernel gets, from the
// perf sideband: one dummy event and one ring per CPU. munmap, mremap and nothing else stay
// invisible here: a new range replaces what it overlaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/model/process_event.h"

namespace sonde {

// Thread-confined.
class Sideband {
 public:
  // Opens and enables the events. Errors as CpuSampler::create.
  static Result<std::unique_ptr<Sideband>> create();
  ~Sideband();
  Sideband(const Sideband&) = delete;
  Sideband& operator=(const Sideband&) = delete;

  // Hands out every event now in the rings, CPU by CPU: sort by time before use.
  void drain(const std::function<void(SidebandEvent&&)>& take);
  // A CPU went off: its ring, which is drained, is gone for good.
  void close(std::uint32_t cpu);
  // A CPU came: counts as a loss, for what happened on it until now. Returns its wake_fd, none if
  // the CPU has gone again.
  Result<int> open(std::uint32_t cpu);
  // Records the kernel dropped because a ring was full, and records that made no sense.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  // Times a ring was found without room for the largest record: that one was lost is told only with
  // the next record that finds room.
  [[nodiscard]] std::uint64_t times_full() const { return times_full_; }
  // Readable when an event is there: for epoll(7), one per CPU.
  [[nodiscard]] std::vector<int> wake_fds() const;

 private:
  struct Ring {
    UniqueFd fd;
    std::byte* base = nullptr;
    std::uint32_t cpu = 0;
  };
  Sideband() = default;
  Result<void> open_ring(std::uint32_t cpu);
  void drain_ring(Ring& ring, const std::function<void(SidebandEvent&&)>& take);
  void take_record(std::span<const std::byte> record,
                   const std::function<void(SidebandEvent&&)>& take);

  std::vector<Ring> rings_;
  std::vector<std::byte> wrapped_;  // a record that wraps around the ring's end
  std::uint64_t lost_ = 0;
  std::uint64_t times_full_ = 0;
};

}  // namespace sonde
