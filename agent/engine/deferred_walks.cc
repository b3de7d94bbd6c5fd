// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/deferred_walks.h"

#include <utility>

#include "bpf/abi/stop.h"
#include "core/base/clock.h"

namespace sonde {
namespace {

constexpr std::uint64_t kLookAgainNs = 100'000'000;

std::size_t bytes_of(const RawSample& sample) {
  return sizeof(sample) + (sample.user.size() + sample.kernel.size()) * sizeof(std::uint64_t);
}

}  // namespace

std::uint64_t DeferredWalks::oldest_ns(std::uint64_t otherwise) const {
  return waiting_.empty() ? otherwise : waiting_.front().header.time_ns;
}

void DeferredWalks::give_up(RawSample& sample, const Process* process, const Take& take) {
  sample.user.clear();
  take(sample, process);
}

void DeferredWalks::add(RawSample&& sample, const Take& take) {
  if (bytes_ + bytes_of(sample) > kMaxBytes) {
    ++counts_.over_budget;
    const sonde_sample& header = sample.header;
    give_up(
        sample,
        processes_.find_at(header.tgid, header.start_time_ns / SONDE_START_TICK_NS, header.time_ns),
        take);
    return;
  }
  bytes_ += bytes_of(sample);
  waiting_.push_back(std::move(sample));
  added_ = true;
}

// True if the sample was handed out.
bool DeferredWalks::settle(RawSample& sample, bool last, const Take& take) {
  const sonde_sample& header = sample.header;
  const Process* process =
      processes_.find_at(header.tgid, header.start_time_ns / SONDE_START_TICK_NS, header.time_ns);
  if (process == nullptr || process->ranges->empty()) {
    if (!last && monotonic_ns() - header.time_ns < kMaxUnknownNs) return false;
    ++counts_.unwalked;
    give_up(sample, process, take);
    return true;
  }
  if (process->ranges != converted_from_) {  // there can be 100,000 of them
    converted_ = publisher_.to_kernel(*process->ranges);
    converted_from_ = process->ranges;
  }
  const auto outcome = walker_.walk(sample, converted_, last);
  if (!outcome.walked) {
    if (outcome.missing != 0) {
      publisher_.demand(image_of_frame(publisher_.translate(outcome.missing)));
    }
    return false;
  }
  ++(sample.header.stop == SONDE_STOP_NO_MAPPING ? counts_.unwalked : counts_.walked);
  take(sample, process);
  return true;
}

void DeferredWalks::resolve(bool last, const Take& take) {
  if (waiting_.empty()) return;
  const std::uint64_t now = monotonic_ns();
  const bool news =
      std::exchange(added_, false) ||
      std::exchange(publications_seen_, publisher_.publications()) != publisher_.publications() ||
      now - resolved_ns_ > kLookAgainNs;
  if (!news && !last) return;
  resolved_ns_ = now;
  std::deque<RawSample> still;
  for (RawSample& sample : std::exchange(waiting_, {})) {
    const std::size_t bytes = bytes_of(sample);
    if (settle(sample, last || now - sample.header.time_ns > kMaxWaitNs, take)) {
      bytes_ -= bytes;
    } else {
      still.push_back(std::move(sample));
    }
  }
  waiting_ = std::move(still);
  converted_from_.reset();
  tables_.release_windows();
}

}  // namespace sonde
