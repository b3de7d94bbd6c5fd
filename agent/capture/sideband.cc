// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/sideband.h"

#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string>

#include "agent/capture/bpf_error.h"
#include "agent/capture/online_cpus.h"
#include "agent/capture/sideband_parser.h"

namespace sonde {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kDataBytes = 32 * kPageBytes;  // about 1,200 mappings
constexpr std::size_t kRingBytes = kPageBytes + kDataBytes;
constexpr std::size_t kLargestRecord = kPageBytes + 256;  // a mapping's, with PATH_MAX of path

perf_event_attr sideband_attr() {
  perf_event_attr attr{};
  attr.size = sizeof(attr);
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.mmap = 1;  // executable mappings only; mmap_data would be the others
  attr.mmap2 = 1;
  attr.comm = 1;
  attr.comm_exec = 1;  // tells an exec from a rename
  attr.ksymbol = 1;
  attr.sample_id_all = 1;
  attr.sample_type = PERF_SAMPLE_TIME;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;  // the clock of bpf_ktime_get_ns
  attr.watermark = 1;
  attr.wakeup_watermark = 1;  // at once: until it is known, new code is walked with old tables
  return attr;
}

}  // namespace

Result<std::unique_ptr<Sideband>> Sideband::create() {
  std::unique_ptr<Sideband> sideband(new Sideband());
  const auto online = online_cpus();
  if (!online) return online.error();
  for (const std::uint32_t cpu : *online) {
    if (auto opened = sideband->open_ring(cpu); !opened) return opened.error();
  }
  return sideband;
}

Sideband::~Sideband() {
  for (const Ring& ring : rings_) ::munmap(ring.base, kRingBytes);
}

Result<void> Sideband::open_ring(std::uint32_t cpu) {
  perf_event_attr attr = sideband_attr();
  UniqueFd fd(static_cast<int>(
      ::syscall(SYS_perf_event_open, &attr, -1, static_cast<int>(cpu), -1, PERF_FLAG_FD_CLOEXEC)));
  if (!fd && errno == ENODEV) return {};  // went offline meanwhile
  if (!fd) return explain_perf_error(errno, "perf_event_open of new mappings");
  void* base = ::mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (base == MAP_FAILED) return explain_perf_error(errno, "mmap the ring of new mappings");
  rings_.push_back(Ring{std::move(fd), static_cast<std::byte*>(base), cpu});
  return {};
}

void Sideband::close(std::uint32_t cpu) {
  std::erase_if(rings_, [cpu](const Ring& ring) {
    return ring.cpu == cpu && ::munmap(ring.base, kRingBytes) == 0;
  });
}

Result<int> Sideband::open(std::uint32_t cpu) {
  close(cpu);
  ++lost_;
  if (auto opened = open_ring(cpu); !opened) return opened.error();
  if (rings_.empty() || rings_.back().cpu != cpu) {
    return Error{ErrorCode::kNotFound, "the CPU has gone again"};
  }
  return rings_.back().fd.get();
}

std::vector<int> Sideband::wake_fds() const {
  std::vector<int> fds;
  for (const Ring& ring : rings_) fds.push_back(ring.fd.get());
  return fds;
}

void Sideband::take_record(std::span<const std::byte> record,
                           const std::function<void(SidebandEvent&&)>& take) {
  auto parsed = parse_sideband(record);
  if (!parsed) {
    ++lost_;
  } else if (auto* mapping = std::get_if<MappingEvent>(&*parsed)) {
    take(std::move(*mapping));
  } else if (auto* exec = std::get_if<ExecEvent>(&*parsed)) {
    take(*exec);
  } else if (auto* symbol = std::get_if<KernelSymbolEvent>(&*parsed)) {
    take(std::move(*symbol));
  } else if (const auto* lost = std::get_if<SidebandLost>(&*parsed)) {
    lost_ += lost->records;
  }
}

void Sideband::drain_ring(Ring& ring, const std::function<void(SidebandEvent&&)>& take) {
  auto* page = reinterpret_cast<perf_event_mmap_page*>(ring.base);
  const std::byte* data = ring.base + kPageBytes;
  std::atomic_ref<__u64> tail_word(page->data_tail);
  std::uint64_t tail = page->data_tail;
  const std::uint64_t head =
      std::atomic_ref<__u64>(page->data_head).load(std::memory_order_acquire);
  if (head - tail > kDataBytes - kLargestRecord) ++times_full_;
  while (head - tail >= sizeof(perf_event_header)) {
    perf_event_header header{};
    const std::size_t at = tail % kDataBytes;  // headers are 8-byte aligned: never split
    std::memcpy(&header, data + at, sizeof(header));
    if (header.size < sizeof(header) || header.size > head - tail) {
      ++lost_;
      tail = head;
      break;
    }
    if (at + header.size <= kDataBytes) {
      take_record({data + at, header.size}, take);
    } else {
      const std::size_t first = kDataBytes - at;
      wrapped_.resize(header.size);
      std::memcpy(wrapped_.data(), data + at, first);
      std::memcpy(wrapped_.data() + first, data, header.size - first);
      take_record(wrapped_, take);
    }
    tail += header.size;
  }
  tail_word.store(tail, std::memory_order_release);
}

void Sideband::drain(const std::function<void(SidebandEvent&&)>& take) {
  for (Ring& ring : rings_) drain_ring(ring, take);
}

}  // namespace sonde
