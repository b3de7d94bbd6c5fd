// SPDX-License-Identifier: Apache-2.0
// Loads bpf/process.bpf.c and reads its ring: exec, fork, exit and rename of processes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "bpf/abi/process.h"
#include "core/base/result.h"

namespace sonde {

// Thread-confined.
class ProcessEvents {
 public:
  struct Options {
    int targets_fd = -1;  // the sampler's `targets` map, shared
    bool track_targets = false;
    bool cgroup_v1_memory = false;
  };
  // Loads and attaches; events flow from here on. Errors as CpuSampler::create.
  static Result<std::unique_ptr<ProcessEvents>> create(const Options& options);
  virtual ~ProcessEvents() = default;

  virtual void drain(const std::function<void(const sonde_process_event&)>& take) = 0;
  // Readable when an exec happened: for epoll(7).
  [[nodiscard]] virtual int wake_fd() const = 0;
  // Events written to the ring since create().
  [[nodiscard]] virtual std::uint64_t written() const = 0;
  // Events lost because the ring was full.
  [[nodiscard]] virtual std::uint64_t lost() const = 0;
  [[nodiscard]] virtual std::uint64_t map_bytes() const = 0;
};

}  // namespace sonde
