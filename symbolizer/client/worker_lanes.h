// SPDX-License-Identifier: Apache-2.0
// Two workers, so that a large file holds up nobody else: whoever finds the first one free has it;
// the second one runs only while both are needed.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "symbolizer/client/worker_link.h"

namespace sonde {

// Thread-safe.
class WorkerLanes {
  struct Lane {
    Lane(const SymbolizerClient::Options& options, FileStrikes& strikes) : link(options, strikes) {}
    WorkerLink link;
    bool is_taken = false;  // under mutex_, as what follows
    std::thread::id taker;
    std::uint64_t used_ns = 0;  // when it was given back
  };

 public:
  // A worker of one's own, until the end of its life.
  class Lease {
   public:
    Lease(WorkerLanes& lanes, Lane& lane) : lanes_(lanes), lane_(lane) {}
    ~Lease() { lanes_.give_back(lane_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    WorkerLink* operator->() const { return &lane_.link; }

   private:
    WorkerLanes& lanes_;
    Lane& lane_;
  };

  explicit WorkerLanes(const SymbolizerClient::Options& options);

  // Starts the first worker: before files of others are open. errors: worker_unavailable.
  Result<void> start();

  // Waits until a worker is free, in the order of arrival.
  [[nodiscard]] Lease lease();

  // Ends the workers that have nothing to do.
  void retire();
  // Ends those that serve a call: of this thread, or of any. See WorkerLink::interrupt().
  void interrupt(std::optional<std::thread::id> of);

  // Of those that run.
  [[nodiscard]] std::vector<int> pids() const;
  // Sums; of memory as well: both may have their peak at once.
  [[nodiscard]] SymbolizerCounters counters() const;

 private:
  [[nodiscard]] Lane* free_lane() const;
  void take(Lane& lane);  // under mutex_, as the one before
  void give_back(Lane& lane);
  void retire_second();

  const std::uint64_t keep_second_ns_;
  FileStrikes strikes_;
  std::array<std::unique_ptr<Lane>, 2> lanes_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::uint64_t arrived_ = 0;  // under mutex_: who waited for a lane so far
  std::uint64_t served_ = 0;   // and who got one
};

}  // namespace sonde
