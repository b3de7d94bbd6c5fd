// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/cpu_sampler.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <span>

#include "agent/capture/bpf_error.h"
#include "agent/capture/map_memory.h"
#include "agent/capture/sample_parser.h"
#include "cpu.skel.h"

namespace sonde {
namespace {

struct SkeletonDeleter {
  void operator()(cpu_bpf* skeleton) const { cpu_bpf__destroy(skeleton); }
};
struct RingDeleter {
  void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

// Half a second of 1 KiB records: whoever drains is woken when a quarter of it is there.
std::uint32_t ring_bytes(std::uint32_t cpus, std::uint32_t rate_hz) {
  const std::uint64_t wanted = std::uint64_t{cpus} * rate_hz * 1024 / 2;
  return static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(std::bit_ceil(wanted), 1U << 20, 1U << 26));
}

class BpfCpuSampler final : public CpuSampler {
 public:
  explicit BpfCpuSampler(const CpuSamplerOptions& options) : options_(options) {}
  ~BpfCpuSampler() override {
    if (clocks_) clocks_->close();  // no tick may come once the maps go away
    if (cpus_ != nullptr) ::munmap(cpus_, cpus_bytes_);
  }

  Result<void> load();
  Result<void> open_clocks();

  Result<void> enable() override { return clocks_->enable(); }
  Result<void> disable() override { return clocks_->disable(); }
  CpuChanges follow_cpus() override { return clocks_->follow(); }
  void read_idle_time() override { clocks_->read_idle_time(); }
  void set_divisor(std::uint64_t divisor) override;
  Result<void> set_rate(std::uint32_t rate_hz) override {
    return clocks_->set_period(1'000'000'000ULL / rate_hz);
  }
  Result<void> add_target(std::uint32_t tgid) override;
  std::uint64_t drain(const std::function<void(RawSample&&)>& take) override;
  [[nodiscard]] int wake_fd() const override { return ::ring_buffer__epoll_fd(ring_.get()); }
  [[nodiscard]] CpuSamplerCounts counts() const override {
    return {.counters = counters(), .clocks = clocks_->counts()};
  }
  [[nodiscard]] CpuCounters counters() const override;
  [[nodiscard]] TableMaps table_maps() const override;
  [[nodiscard]] int targets_fd() const override { return ::bpf_map__fd(skeleton_->maps.targets); }
  [[nodiscard]] std::uint64_t map_bytes() const override;
  [[nodiscard]] std::uint32_t cpu_count() const override { return clocks_->size(); }
  [[nodiscard]] std::uint64_t verified_instructions() const override {
    return verified_instructions_of(::bpf_program__fd(skeleton_->progs.sample_cpu));
  }

 private:
  void set_options(std::uint32_t cpus);
  Result<void> map_cpus();
  static int on_record(void* self, void* data, std::size_t size);

  const CpuSamplerOptions options_;
  std::unique_ptr<cpu_bpf, SkeletonDeleter> skeleton_;
  std::unique_ptr<ring_buffer, RingDeleter> ring_;
  std::optional<CpuClocks> clocks_;
  sonde_cpu* cpus_ = nullptr;  // the `cpus` map, mapped
  std::size_t cpus_bytes_ = 0;
  const std::function<void(RawSample&&)>* take_ = nullptr;  // during drain()
  RawSample sample_;                                        // of the record being read
  std::uint64_t damaged_ = 0;                               // in this drain()
};

void BpfCpuSampler::set_options(std::uint32_t cpus) {
  auto& rodata = *skeleton_->rodata;
  rodata.cgroup_mode = options_.cgroup_v1_memory ? SONDE_CGROUP_V1_MEMORY : SONDE_CGROUP_V2;
  rodata.want_kernel_stack = options_.kernel_stacks ? 1 : 0;
  rodata.want_kernel_threads = options_.kernel_threads ? 1 : 0;
  rodata.filter_targets = options_.only_targets ? 1 : 0;
  rodata.filter_cgroup_id = options_.cgroup_id;
  if (options_.thread_name) {
    rodata.filter_comm = 1;
    std::array<char, SONDE_COMM_BYTES> comm{};
    std::memcpy(comm.data(), options_.thread_name->data(),
                std::min<std::size_t>(options_.thread_name->size(), SONDE_COMM_BYTES - 1));
    std::memcpy(&rodata.wanted_comm, comm.data(), comm.size());
  }
  ::bpf_map__set_max_entries(skeleton_->maps.cpus, cpus);
  const std::uint32_t ring =
      options_.ring_bytes > 0 ? options_.ring_bytes : ring_bytes(cpus, options_.rate_hz);
  ::bpf_map__set_max_entries(skeleton_->maps.samples, ring);
  rodata.defer_below = options_.defer ? ring / 2 : 0;
  rodata.wake_above = ring / 4;
}

Result<void> BpfCpuSampler::load() {
  route_libbpf_messages();
  const int possible = ::libbpf_num_possible_cpus();
  if (possible <= 0) return Error{ErrorCode::kInternal, "cannot count the CPUs"};
  skeleton_.reset(cpu_bpf__open());
  if (skeleton_ == nullptr) return explain_bpf_error(errno, "open the CPU sampling program");
  set_options(static_cast<std::uint32_t>(possible));
  if (const int err = cpu_bpf__load(skeleton_.get()); err != 0) {
    return explain_bpf_error(-err, "load the CPU sampling program");
  }
  ring_.reset(
      ::ring_buffer__new(::bpf_map__fd(skeleton_->maps.samples), &on_record, this, nullptr));
  if (ring_ == nullptr) return Error::from_errno(errno, "map the sample ring");
  return map_cpus();
}

Result<void> BpfCpuSampler::map_cpus() {
  cpus_bytes_ = ::bpf_map__max_entries(skeleton_->maps.cpus) * sizeof(sonde_cpu);
  cpus_bytes_ = (cpus_bytes_ + 4095) / 4096 * 4096;
  void* mapped = ::mmap(nullptr, cpus_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED,
                        ::bpf_map__fd(skeleton_->maps.cpus), 0);
  if (mapped == MAP_FAILED) return Error::from_errno(errno, "mmap the per-CPU counters");
  cpus_ = static_cast<sonde_cpu*>(mapped);
  return {};
}

Result<void> BpfCpuSampler::open_clocks() {
  const std::size_t count = ::bpf_map__max_entries(skeleton_->maps.cpus);
  clocks_.emplace(::bpf_program__fd(skeleton_->progs.sample_cpu),
                  1'000'000'000ULL / options_.rate_hz, std::span(cpus_, count));
  return clocks_->open();
}

void BpfCpuSampler::set_divisor(std::uint64_t divisor) {
  for (sonde_cpu& cpu : std::span(cpus_, ::bpf_map__max_entries(skeleton_->maps.cpus))) {
    *const_cast<volatile __u64*>(&cpu.divisor) = divisor;
  }
}

Result<void> BpfCpuSampler::add_target(std::uint32_t tgid) {
  const std::uint64_t yes = 1;
  if (::bpf_map_update_elem(targets_fd(), &tgid, &yes, BPF_ANY) != 0) {
    return Error::from_errno(errno, "add a target process");
  }
  return {};
}

int BpfCpuSampler::on_record(void* self, void* data, std::size_t size) {
  auto* sampler = static_cast<BpfCpuSampler*>(self);
  if (!parse_sample({static_cast<const std::byte*>(data), size}, sampler->sample_)) {
    ++sampler->damaged_;
  } else {
    (*sampler->take_)(std::move(sampler->sample_));
  }
  return 0;
}

std::uint64_t BpfCpuSampler::drain(const std::function<void(RawSample&&)>& take) {
  take_ = &take;
  damaged_ = 0;
  ::ring_buffer__consume(ring_.get());
  take_ = nullptr;
  return damaged_;
}

CpuCounters BpfCpuSampler::counters() const {
  CpuCounters out{};
  for (std::size_t cpu = 0; cpu < ::bpf_map__max_entries(skeleton_->maps.cpus); ++cpu) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] += *const_cast<const volatile __u64*>(&cpus_[cpu].counters[i]);
    }
  }
  return out;
}

TableMaps BpfCpuSampler::table_maps() const {
  return TableMaps{.processes = ::bpf_map__fd(skeleton_->maps.processes),
                   .ranges = ::bpf_map__fd(skeleton_->maps.ranges),
                   .images = ::bpf_map__fd(skeleton_->maps.images),
                   .pages = ::bpf_map__fd(skeleton_->maps.pages),
                   .row_chunks = ::bpf_map__fd(skeleton_->maps.row_chunks)};
}

std::uint64_t BpfCpuSampler::map_bytes() const {
  std::uint64_t bytes = 0;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, skeleton_->obj) bytes += map_memory_bytes(::bpf_map__fd(map));
  return bytes;
}

}  // namespace

Result<std::unique_ptr<CpuSampler>> CpuSampler::create(const CpuSamplerOptions& options) {
  if (options.rate_hz == 0 || options.rate_hz > 10'000) {
    return Error{ErrorCode::kInvalidArgument, "the rate must be 1 to 10000 Hz"};
  }
  auto sampler = std::make_unique<BpfCpuSampler>(options);
  if (auto loaded = sampler->load(); !loaded) return loaded.error();
  if (auto opened = sampler->open_clocks(); !opened) return opened.error();
  return std::unique_ptr<CpuSampler>(std::move(sampler));
}

}  // namespace sonde
