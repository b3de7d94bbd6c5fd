// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/cpu_clocks.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "agent/capture/bpf_error.h"
#include "agent/capture/idle_time.h"
#include "agent/capture/online_cpus.h"
#include "core/base/clock.h"
#include "core/base/log.h"

namespace sonde {
namespace {

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
// A clock that did not tick for so long is asked whether it still counts. The question interrupts
// its CPU, so it is rare.
constexpr std::uint64_t kSilentNs = 1'000'000'000;
// The clocks of all CPUs are spread over a period, at low rates over this.
constexpr std::uint64_t kMostSpreadNs = 10'000'000;
constexpr int kMostWaits = 100;  // for a clock's place in the spread, on a busy host

// Time a cpu-clock event was enabled, ns; 0 if it cannot be read.
std::uint64_t count_of(const UniqueFd& fd) {
  std::uint64_t count = 0;
  return fd && ::read(fd.get(), &count, sizeof(count)) == sizeof(count) ? count : 0;
}

std::uint64_t idle_of(const Result<IdleTimes>& times, std::uint32_t cpu) {
  if (!times) return kUnknown;
  const auto found = times->find(cpu);
  return found == times->end() ? kUnknown : found->second;
}

std::uint64_t run_of(const sonde_cpu& cpu) {
  return *const_cast<const volatile __u64*>(&cpu.counters[SONDE_CPU_RUN]);
}

// Whether a clock that starts now would keep less than `least` ns, modulo `cycle`, to one of
// `starts`.
bool starts_close(std::span<const std::uint64_t> starts, std::uint64_t least, std::uint64_t cycle) {
  const std::uint64_t now = monotonic_ns();
  return std::ranges::any_of(starts, [&](std::uint64_t start) {
    const std::uint64_t after = (now - start) % cycle;
    return std::min(after, cycle - after) < least;
  });
}

}  // namespace

Result<UniqueFd> CpuClocks::open_event(std::uint32_t cpu) const {
  perf_event_attr attr{};
  attr.size = sizeof(attr);
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_CPU_CLOCK;
  attr.sample_period = period_ns_;
  attr.disabled = 1;
  UniqueFd fd(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attr, -1, static_cast<int>(cpu), -1, PERF_FLAG_FD_CLOEXEC)));
  if (!fd) {
    return explain_perf_error(errno, "perf_event_open of the clock of CPU " + std::to_string(cpu));
  }
  if (::ioctl(fd.get(), PERF_EVENT_IOC_SET_BPF, program_) != 0) {
    return explain_perf_error(errno, "attach the sampling program to a clock");
  }
  cpus_[cpu].period_ns = period_ns_;
  return fd;
}

Result<void> CpuClocks::open() {
  const auto online = online_cpus();
  if (!online) return online.error();
  followed_ns_ = monotonic_ns();
  for (const std::uint32_t cpu : *online) {
    if (cpu >= cpus_.size()) continue;
    auto fd = open_event(cpu);
    // A CPU that went off meanwhile has no clock to miss.
    if (!fd && fd.error().sys_errno == ENODEV) continue;
    if (!fd) return fd.error();
    clock_of(cpu, followed_ns_).fd = std::move(*fd);
  }
  return {};
}

Result<void> CpuClocks::control(const Clock& clock, unsigned long request) {
  if (clock.fd && ::ioctl(clock.fd.get(), request, 0) != 0) {
    return Error::from_errno(errno, "switch a clock");
  }
  return {};
}

Result<void> CpuClocks::enable() {
  const auto idle = read_idle_times();
  followed_ns_ = monotonic_ns();
  for (Clock& clock : clocks_) {
    clock.idle_begin = idle_of(idle, clock.cpu);
    clock.alive_ns = followed_ns_;
  }
  enabled_ = true;
  return start_apart([](Clock& clock) { return control(clock, PERF_EVENT_IOC_ENABLE); });
}

// Clocks keep their distance for good. Were it only what enabling takes, then each tick would see
// what the tick 60 us earlier did to a partner on another CPU: of processes that talk to each
// other, system calls had 32 % in place of 30.
template <typename Start>
Result<void> CpuClocks::start_apart(const Start& begin) {
  const std::uint64_t spread = std::min(period_ns_, kMostSpreadNs);
  const std::uint64_t apart = spread / std::max<std::size_t>(clocks_.size(), 1);
  std::vector<std::uint64_t> starts;
  for (Clock& clock : clocks_) {
    for (int i = 0; i < kMostWaits && starts_close(starts, apart / 4, spread); ++i) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(apart));
    }
    if (auto began = begin(clock); !began) return began;
    starts.push_back(monotonic_ns());
  }
  return {};
}

// The kernel forgets how far a clock was (kernel/events/core.c, __perf_event_period): its next tick
// comes a whole new period later, so there is time to say what it weighs.
Result<void> CpuClocks::set_period(std::uint64_t period_ns) {
  if (period_ns == period_ns_) return {};
  const auto idle = read_idle_times();
  period_ns_ = period_ns;
  return start_apart([&](Clock& clock) -> Result<void> {
    if (!clock.fd) return {};  // it gets the new one when it is opened
    settle(clock, idle_of(idle, clock.cpu));
    if (::ioctl(clock.fd.get(), PERF_EVENT_IOC_PERIOD, &period_ns) != 0) {
      return Error::from_errno(errno, "change the rate of a clock");
    }
    clock.period_ns = period_ns;
    *const_cast<volatile __u64*>(&cpus_[clock.cpu].period_ns) = period_ns;
    return {};
  });
}

// What was counted so far is of the period that ends.
void CpuClocks::settle(Clock& clock, std::uint64_t now_idle) {
  add_idle(clock, now_idle);
  const ClockCounts more = counts_of_period(clock);
  clock.settled.expected += more.expected;
  clock.settled.slept += more.slept;
  clock.settled.gap_ticks += more.gap_ticks;
  clock.count_begin = clock.closed_ns + count_of(clock.fd);
  clock.run_begin = run_of(cpus_[clock.cpu]);
  clock.idle_ticks_begin = cpus_[clock.cpu].counters[SONDE_CPU_IDLE];
  clock.gap_ns = clock.idle_ns = 0;
  clock.idle_begin = now_idle;
}

Result<void> CpuClocks::disable() {
  (void)follow();
  Result<void> off;
  for (const Clock& clock : clocks_) {
    if (auto one = control(clock, PERF_EVENT_IOC_DISABLE); !one) off = one;
  }
  const auto idle = read_idle_times();
  for (Clock& clock : clocks_) add_idle(clock, idle_of(idle, clock.cpu));
  enabled_ = false;
  return off;
}

void CpuClocks::read_idle_time() {
  const auto idle = read_idle_times();
  for (Clock& clock : clocks_) {
    if (clock.idle_begin == kUnknown) continue;
    const std::uint64_t now = idle_of(idle, clock.cpu);
    if (now == kUnknown) continue;
    add_idle(clock, now);
    clock.idle_begin = now;
  }
}

void CpuClocks::add_idle(Clock& clock, std::uint64_t now_idle) {
  const std::uint64_t begin = std::exchange(clock.idle_begin, kUnknown);
  if (begin == kUnknown || now_idle == kUnknown) return;
  clock.idle_ns += now_idle - std::min(begin, now_idle);
}

// --- CPUs that come and go ----------------------------------------------------------------------

CpuClocks::Clock& CpuClocks::clock_of(std::uint32_t cpu, std::uint64_t blind_since) {
  const auto known = std::ranges::find(clocks_, cpu, &Clock::cpu);
  if (known != clocks_.end()) return *known;
  return clocks_.emplace_back(Clock{
      .cpu = cpu, .blind_since = blind_since, .idle_begin = kUnknown, .period_ns = period_ns_});
}

// Opens the clock of a CPU that is online. False if that failed: it is tried again at the next
// look, and the gap grows.
bool CpuClocks::start(Clock& clock, std::uint64_t now) {
  auto fd = open_event(clock.cpu);
  if (fd && enabled_ && ::ioctl(fd->get(), PERF_EVENT_IOC_ENABLE, 0) != 0) {
    fd = Error::from_errno(errno, "switch a clock");
  }
  if (!fd) {
    log_warn("CPU " + std::to_string(clock.cpu) + " is not sampled: " + fd.error().message);
    return false;
  }
  if (clock.period_ns != period_ns_) {  // it changed while the CPU was off
    settle(clock, kUnknown);
    clock.period_ns = period_ns_;
  }
  clock.fd = std::move(*fd);
  clock.gap_ns += enabled_ ? now - clock.blind_since : 0;
  clock.idle_begin = idle_of(read_idle_times(), clock.cpu);
  clock.run_seen = run_of(cpus_[clock.cpu]);
  clock.alive_ns = now;
  clock.asked = false;
  ++came_;
  return true;
}

// The idle time of a CPU that is off cannot be read: its last stretch explains nothing.
void CpuClocks::end(Clock& clock, std::uint64_t blind_since) {
  clock.closed_ns += count_of(clock.fd);
  clock.fd.reset();
  clock.idle_begin = kUnknown;
  clock.blind_since = blind_since;
  ++went_;
}

// A CPU can go off and come back between two looks, or while the machine sleeps: its clock stands
// still then, while a live one counts also where no tick comes.
bool CpuClocks::is_dead(Clock& clock, std::uint64_t now) const {
  if (const std::uint64_t run = run_of(cpus_[clock.cpu]); run != clock.run_seen) {
    clock.run_seen = run;
    clock.alive_ns = now;
    clock.asked = false;
    return false;
  }
  if (!enabled_ || now - clock.alive_ns < kSilentNs) return false;
  const std::uint64_t before = std::exchange(clock.count_seen, count_of(clock.fd));
  if (!std::exchange(clock.asked, !clock.asked)) return false;
  if (clock.count_seen == before) return true;
  clock.alive_ns = now;
  return false;
}

CpuChanges CpuClocks::follow() {
  CpuChanges changes;
  const auto online = online_cpus();
  if (!online) return changes;
  const std::uint64_t now = monotonic_ns();
  for (Clock& clock : clocks_) {
    const bool on = std::ranges::binary_search(*online, clock.cpu);
    if (clock.fd && (!on || is_dead(clock, now))) {
      end(clock, on ? clock.alive_ns : now);
      changes.gone.push_back(clock.cpu);
    }
    if (!on) clock.blind_since = now;
  }
  for (const std::uint32_t cpu : *online) {
    if (cpu >= cpus_.size()) continue;
    Clock& clock = clock_of(cpu, followed_ns_);
    if (!clock.fd && start(clock, now)) changes.come.push_back(cpu);
  }
  followed_ns_ = now;
  return changes;
}

// --- counts -------------------------------------------------------------------------------------

ClockCounts CpuClocks::counts_of_period(const Clock& clock) const {
  const sonde_cpu& cpu = cpus_[clock.cpu];
  const std::uint64_t counted =
      (clock.closed_ns + count_of(clock.fd) - clock.count_begin) / clock.period_ns;
  const std::uint64_t run = run_of(cpu) - clock.run_begin;
  const std::uint64_t slept =
      ticks_slept(counted - std::min(counted, run), clock.idle_ns,
                  cpu.counters[SONDE_CPU_IDLE] - clock.idle_ticks_begin, clock.period_ns);
  const std::uint64_t gap = clock.gap_ns / clock.period_ns;
  return {.expected = counted - slept + gap, .slept = slept, .gap_ticks = gap};
}

ClockCounts CpuClocks::counts() const {
  ClockCounts out{.went = went_, .came = came_};
  for (const Clock& clock : clocks_) {
    const ClockCounts more = counts_of_period(clock);
    out.expected += clock.settled.expected + more.expected;
    out.slept += clock.settled.slept + more.slept;
    out.gap_ticks += clock.settled.gap_ticks + more.gap_ticks;
  }
  return out;
}

}  // namespace sonde
