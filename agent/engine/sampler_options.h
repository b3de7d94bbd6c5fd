// SPDX-License-Identifier: Apache-2.0
// What a session asks of the sampler. Stateless.
#pragma once

#include "agent/capture/cpu_sampler.h"
#include "agent/engine/session.h"
#include "agent/process/cgroup_layout.h"

namespace sonde {

// errors  kNotFound  there is no such control group
inline Result<CpuSamplerOptions> sampler_options(const SessionOptions& session,
                                                 const CgroupLayout& cgroups) {
  CpuSamplerOptions options{.rate_hz = session.rate_hz,
                            .kernel_stacks = session.kernel_stacks,
                            .kernel_threads = session.kernel_threads,
                            .only_targets = !session.pids.empty(),
                            .thread_name = session.comm,
                            .defer = true,
                            .cgroup_v1_memory = cgroups.v1_memory};
  if (session.cgroup) {
    const auto id = cgroup_id_of(cgroups, *session.cgroup);
    if (!id) return id.error();
    options.cgroup_id = *id;
  }
  return options;
}

}  // namespace sonde
