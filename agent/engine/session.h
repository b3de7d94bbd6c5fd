// SPDX-License-Identifier: Apache-2.0
// Builds and runs one profiling session: the only place where the stages meet.
// create() loads and attaches, run() drives the pipeline. A recording is one window, which finish()
// names; the agent takes one after the other as they end, the rest at stop().
// Thread-confined: the thread that calls create().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/ended_window.h"
#include "agent/engine/sampling_plan.h"
#include "agent/engine/wake_event.h"
#include "core/base/result.h"
#include "core/model/profile.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

struct SessionOptions {
  std::uint32_t rate_hz = 99;           // 1..10000 ticks a second and CPU
  std::vector<std::uint32_t> pids{};    // empty = all; each with its descendants
  std::optional<std::string> cgroup{};  // path under the cgroup mount, or absolute; with children
  std::optional<std::string> comm{};    // thread name, exact
  bool kernel_stacks = true;
  bool kernel_threads = true;    // false: ticks of kernel threads are filtered
  std::uint32_t max_rows = 0;    // unwind rows in the kernel, 8 bytes each; 0 = 48 MiB
  std::uint32_t max_ranges = 0;  // mappings in the kernel, 24 bytes each; 0 = 3 MiB
  std::uint64_t window_ns = 0;   // windows end at multiples of it in wall-clock time; 0 = only one
  // Between looks for files that nothing maps any more, with window_ns.
  std::uint64_t sweep_ns = 30'000'000'000;
  // The longest sleep between looks while nothing happens: also how soon a CPU that comes is
  // sampled.
  std::chrono::milliseconds longest_sleep{100};
  const WakeEvent* wake = nullptr;  // ends a sleep early; outlives the session
  // Takes each window that has ended, by the thread that runs the session; returns soon.
  std::function<void(EndedWindow&&)> on_window{};
  SymbolizerClient* symbolizer = nullptr;  // to be used, outlives the session; null: its own
  std::string cache_dir{};                 // of unwind rows; empty = no cache on disk
  std::string worker_executable = "/proc/self/exe";  // run as `EXE worker`
};

struct SessionProgress {
  std::uint64_t samples = 0;
  std::uint64_t lost = 0;
  std::uint64_t ticks = 0;   // of the clocks, whatever became of them
  std::uint64_t bpf_ns = 0;  // that the sampler took in the kernel
};

// What this host allows; a session with a false one is degraded (exit code 5) but runs.
struct SessionCapabilities {
  bool user_stacks = true;
  bool kernel_stacks = true;
  bool kernel_symbols = true;
  bool other_users = true;          // maps and files of other users' processes
  std::vector<std::string> limits;  // one sentence each: what is missing, and the fix
};

class Session {
 public:
  // Loads the BPF programs, scans the processes that exist and opens (but does not enable) the
  // clock. errors: kPermissionDenied (missing capability, perf refused: the message says the
  // fix), kUnimplemented (kernel without BTF or a needed feature), kNotFound (a pid or cgroup
  // that does not exist), kInvalidArgument.
  static Result<std::unique_ptr<Session>> create(SessionOptions options);
  virtual ~Session() = default;

  // Waits up to 0.4 s for the unwind rows of what already runs (chosen processes first), so that
  // the first samples are whole, then enables the clock. Samples count from here.
  virtual Result<void> start() = 0;
  // Drives the pipeline until `duration` has passed or `stop` returns true (asked after each sleep;
  // `tick` is called as often, for progress and signals).
  virtual Result<void> run(std::chrono::nanoseconds duration, const std::function<bool()>& stop,
                           const std::function<void(const SessionProgress&)>& tick) = 0;
  // Changes which ticks are kept, from now on. From `tick` too. Weights stay exact.
  virtual void follow(const SamplingPlan& plan) = 0;
  // Disables the clock, drains every ring, closes the books and names every frame. Precondition: no
  // window_ns.
  virtual Result<SymbolizedProfile> finish() = 0;
  // The same, but hands on the windows that are left. Precondition: window_ns and on_window.
  virtual Result<void> stop() = 0;

  // What the windows that were not handed on yet hold so far, oldest first: the one that is being
  // filled, and before it any that ended but whose samples may still come. Between run()'s looks:
  // from `tick`.
  virtual std::vector<EndedWindow> open_windows() = 0;

  // Known whole once start() has returned: kernel functions are looked for there.
  [[nodiscard]] virtual const SessionCapabilities& capabilities() const = 0;
};

}  // namespace sonde
