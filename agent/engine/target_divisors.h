// SPDX-License-Identifier: Apache-2.0
// Processes that are sampled in another way than all others, or not at all: each is judged by its
// labels when the first tick meets it, and the kernel is told. A process that is opted out can send
// samples until the kernel knows: they go no further than here.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "agent/capture/unwind_tables.h"
#include "agent/engine/sampling_plan.h"
#include "agent/process/cgroup_paths.h"
#include "agent/process/image_registry.h"
#include "agent/process/process_table.h"
#include "core/model/raw_sample.h"

namespace sonde {

// Thread-confined (the session's). Without rules it costs nothing.
class TargetDivisors {
 public:
  // How often processes that no tick meets are judged anew if they changed their name, program or
  // cgroup.
  static constexpr std::uint64_t kBetweenLooksNs = 1'000'000'000;
  static constexpr std::size_t kProcessesOfALook = 256;  // the others wait for the next ones

  struct Parts {
    UnwindTables& tables;
    const ProcessTable& processes;
    const ProcReader& proc;
    const ImageRegistry& images;
    CgroupPaths& cgroups;
  };
  // All outlive this.
  explicit TargetDivisors(const Parts& parts) : parts_(parts) {}

  // From now on these. Every process is judged anew.
  void follow(const std::vector<TargetRule>& rules);
  // Those of `samples` whose processes may be sampled, in their order; what is left out is counted.
  // cost  a look-up for each; a new process about 5 us, 30 if it is opted out.
  std::span<RawSample> admit(std::span<RawSample> samples, std::uint64_t now_ns);

  // Samples that were left out.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  struct Judged {
    std::uint64_t start_ticks = 0;
    std::uint64_t cgroup_id = 0;
    std::string name = {};
    ImageId executable = ImageId::kNone;
    std::uint64_t divisor = 0;  // 0: no rule is about it
    std::string cgroups = {};   // /proc/PID/cgroup as it was, if it is opted out
  };

  bool admits(const RawSample& sample, std::uint64_t now_ns);
  [[nodiscard]] Judged judge(const sonde_sample& header, std::string_view name, ImageId executable,
                             std::uint64_t now_ns) const;
  [[nodiscard]] bool has_changed(std::uint32_t tgid, const Judged& judged) const;
  [[nodiscard]] std::string cgroups_text(std::uint32_t tgid) const;
  void look(std::uint64_t now_ns);

  const Parts parts_;
  std::vector<TargetRule> rules_;
  std::map<std::uint32_t, Judged> judged_;  // by tgid
  std::uint32_t looked_at_ = 0;             // tgid
  std::uint64_t looked_ns_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace sonde
