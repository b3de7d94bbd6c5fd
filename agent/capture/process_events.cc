// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/process_events.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "agent/capture/bpf_error.h"
#include "agent/capture/map_memory.h"
#include "bpf/abi/counters.h"
#include "process.skel.h"

namespace sonde {
namespace {

struct SkeletonDeleter {
  void operator()(process_bpf* skeleton) const { process_bpf__destroy(skeleton); }
};
struct RingDeleter {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

class BpfProcessEvents final : public ProcessEvents {
 public:
  Result<void> load(const Options& options);

  void drain(const std::function<void(const sonde_process_event&)>& take) override {
    take_ = &take;
    ::ring_buffer__consume(ring_.get());
    take_ = nullptr;
  }
  [[nodiscard]] int wake_fd() const override { return ::ring_buffer__epoll_fd(ring_.get()); }
  [[nodiscard]] std::uint64_t written() const override { return count(SONDE_PROCESS_EVENTS); }
  [[nodiscard]] std::uint64_t lost() const override { return count(SONDE_PROCESS_RING_FULL); }
  [[nodiscard]] std::uint64_t map_bytes() const override;

 private:
  [[nodiscard]] std::uint64_t count(std::uint32_t counter) const;
  static int on_event(void* self, void* data, std::size_t size);

  std::unique_ptr<process_bpf, SkeletonDeleter> skeleton_;
  std::unique_ptr<ring_buffer, RingDeleter> ring_;
  const std::function<void(const sonde_process_event&)>* take_ = nullptr;
};

Result<void> BpfProcessEvents::load(const Options& options) {
  route_libbpf_messages();
  skeleton_.reset(process_bpf__open());
  if (skeleton_ == nullptr) return explain_bpf_error(errno, "open the process event program");
  skeleton_->rodata->track_targets = options.track_targets ? 1 : 0;
  skeleton_->rodata->cgroup_mode =
      options.cgroup_v1_memory ? SONDE_CGROUP_V1_MEMORY : SONDE_CGROUP_V2;
  if (options.targets_fd >= 0) {
    if (const int err = ::bpf_map__reuse_fd(skeleton_->maps.targets, options.targets_fd);
        err != 0) {
      return explain_bpf_error(-err, "share the target set");
    }
  }
  if (const int err = process_bpf__load(skeleton_.get()); err != 0) {
    return explain_bpf_error(-err, "load the process event programs");
  }
  if (const int err = process_bpf__attach(skeleton_.get()); err != 0) {
    return explain_bpf_error(-err, "attach the process event programs");
  }
  ring_.reset(
      ::ring_buffer__new(::bpf_map__fd(skeleton_->maps.process_events), &on_event, this, nullptr));
  if (ring_ == nullptr) return Error::from_errno(errno, "map the process event ring");
  return {};
}

int BpfProcessEvents::on_event(void* self, void* data, std::size_t size) {
  sonde_process_event event{};
  if (size < sizeof(event)) return 0;
  std::memcpy(&event, data, sizeof(event));
  (*static_cast<BpfProcessEvents*>(self)->take_)(event);
  return 0;
}

std::uint64_t BpfProcessEvents::count(std::uint32_t counter) const {
  const int cpus = ::libbpf_num_possible_cpus();
  if (cpus <= 0) return 0;
  std::vector<std::uint64_t> values(static_cast<std::size_t>(cpus));
  const int fd = ::bpf_map__fd(skeleton_->maps.process_counters);
  if (::bpf_map_lookup_elem(fd, &counter, values.data()) != 0) return 0;
  std::uint64_t sum = 0;
  for (const std::uint64_t value : values) sum += value;
  return sum;
}

std::uint64_t BpfProcessEvents::map_bytes() const {
  std::uint64_t bytes = 0;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton_->obj) {
    if (map != skeleton_->maps.targets) bytes += map_memory_bytes(::bpf_map__fd(map));
  }
  return bytes;
}

}  // namespace

Result<std::unique_ptr<ProcessEvents>> ProcessEvents::create(const Options& options) {
  auto events = std::make_unique<BpfProcessEvents>();
  if (auto loaded = events->load(options); !loaded) return loaded.error();
  return std::unique_ptr<ProcessEvents>(std::move(events));
}

}  // namespace sonde
