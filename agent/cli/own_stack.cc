// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/own_stack.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <climits>
#include <map>
#include <optional>
#include <thread>
#include <vector>

#include "agent/engine/session.h"
#include "core/base/clock.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kLinks = 14;
constexpr std::uint32_t kRateHz = 997;
constexpr std::chrono::milliseconds kDuration{400};
constexpr std::uint64_t kTurnNs = 5'000'000;

struct Chain {
  std::array<std::uint64_t, kLinks> returns{};  // [n]: where link n returns to
  std::atomic<bool> stop{false};
};

// Link N calls link N-1 and does something afterwards, so that no call becomes a jump.
template <std::size_t N>
[[gnu::noinline]] void link(Chain& chain) {
  chain.returns[N] = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
  if constexpr (N > 0) {
    link<N - 1>(chain);
  } else {
    const std::uint64_t end_ns = monotonic_ns() + kTurnNs;
    while (monotonic_ns() < end_ns) {
      for (int i = 0; i < 10'000; ++i) asm volatile("" : : "r"(i));
    }
  }
  asm volatile("" ::: "memory");
}

// File offset of an address in this process's own executable; none if it lies elsewhere.
std::optional<std::uint64_t> offset_of(const std::string& maps, std::uint64_t address) {
  std::size_t at = 0;
  while (at < maps.size()) {
    const std::size_t end = std::min(maps.find('\n', at), maps.size());
    const char* text = maps.data() + at;
    const char* const stop = maps.data() + end;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t offset = 0;
    const auto dash = std::from_chars(text, stop, first, 16);
    const auto space = std::from_chars(std::min(dash.ptr + 1, stop), stop, last, 16);
    const char* permissions = std::min(space.ptr + 1, stop);
    std::from_chars(std::min(permissions + 5, stop), stop, offset, 16);
    if (address >= first && address < last) return offset + (address - first);
    at = end + 1;
  }
  return std::nullopt;
}

// How many of the chain's frames stand in an unbroken row in this stack. A frame may hold the
// return address itself or the byte before it, which lies in the call instruction.
std::size_t matching_frames(const SymbolizedProfile& profile, const ProfileStack& stack,
                            const std::array<std::uint64_t, kLinks>& offsets) {
  const auto is_link = [&](std::size_t frame, std::size_t link) {
    const std::uint64_t address = profile.frames[stack.frames[frame]].address;
    return address == offsets[link] || address + 1 == offsets[link];
  };
  std::size_t best = 0;
  for (std::size_t start = 0; start < stack.frames.size(); ++start) {
    std::size_t length = 0;
    while (length < kLinks && start + length < stack.frames.size() &&
           is_link(start + length, length)) {
      ++length;
    }
    best = std::max(best, length);
  }
  return best;
}

OwnStackResult judge(const SymbolizedProfile& profile,
                     const std::array<std::uint64_t, kLinks>& offsets) {
  OwnStackResult out;
  out.expected = kLinks;
  std::map<std::string, std::uint64_t> stops;
  for (const ProfileStack& stack : profile.stacks) {
    const std::size_t found = matching_frames(profile, stack, offsets);
    out.found = std::max(out.found, found);
    if (found == 0) {
      if (!is_whole(stack.stop)) stops[stop_name(stack.stop)] += stack.samples;
      continue;
    }
    out.samples += stack.samples;
    if (found == kLinks && is_whole(stack.stop)) {
      out.whole += stack.samples;
    } else {
      stops[stop_name(stack.stop)] += stack.samples;
    }
  }
  const auto most = std::max_element(
      stops.begin(), stops.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != stops.end()) out.commonest_stop = most->first;
  return out;
}

}  // namespace

Result<OwnStackResult> unwind_own_stack(const std::string& cache_dir) {
  SessionOptions options;
  options.rate_hz = kRateHz;
  options.pids = {static_cast<std::uint32_t>(::getpid())};
  options.cache_dir = cache_dir;
  auto session = Session::create(std::move(options));
  if (!session) return session.error();
  if (auto started = (*session)->start(); !started) return started.error();

  Chain chain;
  std::thread spinner([&chain] {
    while (!chain.stop.load()) link<kLinks - 1>(chain);
  });
  const auto ran = (*session)->run(
      kDuration, [] { return false; }, [](const SessionProgress&) {});
  chain.stop.store(true);
  spinner.join();
  if (!ran) return ran.error();
  const auto profile = (*session)->finish();
  if (!profile) return profile.error();

  const auto maps = read_file("/proc/self/maps", std::size_t{16} << 20);
  if (!maps) return maps.error();
  std::array<std::uint64_t, kLinks> offsets{};
  for (std::size_t i = 0; i < kLinks; ++i) {
    const auto offset = offset_of(*maps, chain.returns[i]);
    if (!offset) return Error{ErrorCode::kInternal, "the chain's code is in no mapping"};
    offsets[i] = *offset;
  }
  return judge(*profile, offsets);
}

}  // namespace sonde
