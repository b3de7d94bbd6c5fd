// SPDX-License-Identifier: Apache-2.0
// Stage 1's owner: loads bpf/cpu.bpf.c, opens one clock per CPU, reads the sample ring.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/capture/cpu_clocks.h"
#include "agent/capture/unwind_tables.h"
#include "bpf/abi/counters.h"
#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/model/raw_sample.h"

namespace sonde {

struct CpuSamplerOptions {
  std::uint32_t rate_hz = 99;
  bool kernel_stacks = true;
  bool kernel_threads = true;
  bool only_targets = false;                 // only processes added by add_target
  std::uint64_t cgroup_id = 0;               // 0 = all; else this cgroup and those below
  std::optional<std::string> thread_name{};  // exact comm, at most 15 bytes
  std::uint32_t ring_bytes = 0;              // 0 = half a second of samples; else a power of two
  bool defer = false;                        // keep what a walk without tables needs (is_deferred)
  bool cgroup_v1_memory = false;             // which hierarchy cgroup ids are taken from
};

// Counts of the books (bpf/abi/counters.h), summed over CPUs.
using CpuCounters = std::array<std::uint64_t, SONDE_CPU_COUNTER_COUNT>;

struct CpuSamplerCounts {
  CpuCounters counters{};
  ClockCounts clocks{};
};

// Thread-confined.
class CpuSampler {
 public:
  // Loads and attaches with the clocks disabled.
  // errors: kPermissionDenied, kUnimplemented (message with the fix), kResourceExhausted.
  // cost: about 30 ms (the verifier).
  static Result<std::unique_ptr<CpuSampler>> create(const CpuSamplerOptions& options);
  virtual ~CpuSampler() = default;

  virtual Result<void> enable() = 0;
  virtual Result<void> disable() = 0;
  // Gives CPUs that came a clock (CpuClocks::follow).
  virtual CpuChanges follow_cpus() = 0;
  // From now on counts() knows what CPUs slept until now. Cost: one read of /proc/stat.
  virtual void read_idle_time() = 0;
  // Keeps each n-th tick of every CPU, at n times the weight, of processes without a divisor of
  // their own (UnwindTables::set_divisor). At least 1. In force from the next tick.
  virtual void set_divisor(std::uint64_t divisor) = 0;
  // The clocks tick at another rate from now on (CpuClocks::set_period). errors: those of ioctl(2).
  virtual Result<void> set_rate(std::uint32_t rate_hz) = 0;
  // Lets a process through the `only_targets` filter. Its later children follow by themselves.
  virtual Result<void> add_target(std::uint32_t tgid) = 0;

  // Calls `take` for each record now in the ring; returns how many were damaged (never seen;
  // a bug or memory corruption) and dropped. One sample is used for all of them: what `take` leaves
  // in it, by a swap say, is its memory for the next.
  virtual std::uint64_t drain(const std::function<void(RawSample&&)>& take) = 0;

  // Readable once the ring is a quarter full, or a tick met a process without tables (at most each
  // 100 ms): then drain() is due.
  [[nodiscard]] virtual int wake_fd() const = 0;

  // Interrupts every CPU; counters() alone are there for the reading.
  [[nodiscard]] virtual CpuSamplerCounts counts() const = 0;
  [[nodiscard]] virtual CpuCounters counters() const = 0;
  [[nodiscard]] virtual TableMaps table_maps() const = 0;
  [[nodiscard]] virtual int targets_fd() const = 0;
  // Kernel memory of all maps but the row chunks, bytes.
  [[nodiscard]] virtual std::uint64_t map_bytes() const = 0;
  [[nodiscard]] virtual std::uint32_t cpu_count() const = 0;  // that had a clock
  // Instructions the verifier walked for the sampling program; 0 where the kernel does not say.
  [[nodiscard]] virtual std::uint64_t verified_instructions() const = 0;
};

}  // namespace sonde
