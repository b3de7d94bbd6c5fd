// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/event_feed.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bpf/abi/rows.h"
#include "core/base/clock.h"
#include "core/base/log.h"

namespace sonde {
namespace {

constexpr std::uint64_t kRescanPause = 5;  // times what a rescan took

// A process event or one of the sideband, to be merged by time.
struct TimedEvent {
  std::uint64_t time_ns = 0;
  std::variant<sonde_process_event, SidebandEvent> event;
};

}  // namespace

void EventFeed::apply(std::uint64_t begun_ns, bool last) {
  std::vector<TimedEvent> events;
  process_events_.drain([&](const sonde_process_event& event) {
    events.push_back({event.time_ns, event});
  });
  sideband_.drain([&](SidebandEvent&& event) {
    const std::uint64_t time = std::visit([](const auto& one) { return one.time_ns; }, event);
    events.push_back({time, std::move(event)});
  });
  std::ranges::stable_sort(events, {}, &TimedEvent::time_ns);
  for (const TimedEvent& timed : events) {
    if (const auto* process = std::get_if<sonde_process_event>(&timed.event)) {
      apply_process_event(*process);
      continue;
    }
    const auto& sideband = std::get<SidebandEvent>(timed.event);
    if (const auto* mapping = std::get_if<MappingEvent>(&sideband)) {
      processes_.on_mapping(*mapping);
    } else if (const auto* exec = std::get_if<ExecEvent>(&sideband)) {
      processes_.on_exec_begin(*exec);
    } else {
      kernel_names_.apply(std::get<KernelSymbolEvent>(sideband));
    }
  }
  rescan_after_loss(begun_ns, last);
}

void EventFeed::apply_process_event(const sonde_process_event& event) {
  const std::uint64_t start = event.start_time_ns / SONDE_START_TICK_NS;
  const std::string name(event.comm, ::strnlen(event.comm, sizeof(event.comm)));
  switch (event.kind) {
    case SONDE_EVENT_EXEC:
      processes_.on_exec(event.tgid, event.time_ns);
      processes_.on_rename(event.tgid, name);
      break;
    case SONDE_EVENT_FORK:
      processes_.on_fork(event.parent_tgid, event.tgid, start, event.time_ns);
      break;
    case SONDE_EVENT_EXIT:
      processes_.on_exit(event.tgid, start, event.time_ns);
      break;
    case SONDE_EVENT_COMM:
      processes_.on_rename(event.tgid, name);
      break;
    default:
      break;
  }
}

// Lost events can have been about any process: every one is read again; samples wait meanwhile.
void EventFeed::rescan_after_loss(std::uint64_t begun_ns, bool last) {
  const std::uint64_t begin = monotonic_ns();
  if (!lacks_events()) {
    certain_ns_ = begun_ns;
    return;
  }
  if (!last && begin < rescan_from_ns_) return;
  events_lost_seen_ = events_lost();
  ++rescans_;
  if (auto scanned = processes_.rescan_all(certain_ns_, begin); !scanned) {
    log_warn("processes are not read again: " + scanned.error().message);
  }
  certain_ns_ = begin;  // what was lost before that has been read now
  rescan_from_ns_ = monotonic_ns() + (monotonic_ns() - begin) * kRescanPause;
}

}  // namespace sonde
