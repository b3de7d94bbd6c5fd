// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/target_divisors.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "agent/engine/process_labels.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kCgroupBytes = std::size_t{64} * 1024;

}  // namespace

void TargetDivisors::follow(const std::vector<TargetRule>& rules) {
  if (rules == rules_) return;
  for (const auto& [tgid, judged] : judged_) {
    // What is not in the table any more has no divisor there.
    if (judged.divisor != 0) (void)parts_.tables.set_divisor({tgid, judged.start_ticks}, 0);
  }
  judged_.clear();
  rules_ = rules;
}

std::span<RawSample> TargetDivisors::admit(std::span<RawSample> samples, std::uint64_t now_ns) {
  if (rules_.empty()) return samples;
  look(now_ns);
  const auto first_out =
      std::stable_partition(samples.begin(), samples.end(),
                            [&](const RawSample& sample) { return admits(sample, now_ns); });
  const auto in = static_cast<std::size_t>(first_out - samples.begin());
  left_out_ += samples.size() - in;
  return samples.first(in);
}

bool TargetDivisors::admits(const RawSample& sample, std::uint64_t now_ns) {
  const sonde_sample& header = sample.header;
  const std::uint64_t start = header.start_time_ns / SONDE_START_TICK_NS;
  const std::string_view name(header.process, ::strnlen(header.process, sizeof(header.process)));
  const Process* process = parts_.processes.find(header.tgid);
  const ImageId executable =
      process != nullptr && process->start_ticks == start ? process->executable : ImageId::kNone;
  Judged& judged = judged_[header.tgid];
  if (judged.start_ticks != start || judged.cgroup_id != header.cgroup_id || judged.name != name ||
      judged.executable != executable) {
    const std::uint64_t before = judged.start_ticks == start ? judged.divisor : 0;
    judged = judge(header, name, executable, now_ns);
    if (before != 0 && judged.divisor == 0) {
      (void)parts_.tables.set_divisor({header.tgid, start}, 0);
    }
  }
  // Each time: it may have been put into the table only now, or anew. If it is not there yet, its
  // next sample comes here too.
  if (judged.divisor != 0) {
    (void)parts_.tables.set_divisor({header.tgid, start}, judged.divisor);
  }
  return judged.divisor != SONDE_DIVISOR_NEVER;
}

TargetDivisors::Judged TargetDivisors::judge(const sonde_sample& header, std::string_view name,
                                             ImageId executable, std::uint64_t now_ns) const {
  Judged out{.start_ticks = header.start_time_ns / SONDE_START_TICK_NS,
             .cgroup_id = header.cgroup_id,
             .name = std::string(name),
             .executable = executable};
  const std::string& cgroup = parts_.cgroups.path_of(header.cgroup_id, now_ns);
  const std::string image =
      executable == ImageId::kNone ? std::string() : parts_.images.at(executable).path;
  const Labels labels = process_labels(name, header.tgid, cgroup, image);
  const auto rule = std::ranges::find_if(
      rules_, [&](const TargetRule& one) { return matches_all(one.processes.matchers, labels); });
  if (rule != rules_.end()) out.divisor = rule->divisor;
  if (out.divisor == SONDE_DIVISOR_NEVER) out.cgroups = cgroups_text(header.tgid);
  if (cgroup.empty()) out.cgroup_id = 0;  // looked for again with the next sample
  return out;
}

std::string TargetDivisors::cgroups_text(std::uint32_t tgid) const {
  const auto text =
      read_file(parts_.proc.root() + "/" + std::to_string(tgid) + "/cgroup", kCgroupBytes);
  return text ? *text : std::string();
}

bool TargetDivisors::has_changed(std::uint32_t tgid, const Judged& judged) const {
  const Process* process = parts_.processes.find(tgid);
  return process == nullptr || process->start_ticks != judged.start_ticks ||
         process->name != judged.name || process->executable != judged.executable ||
         cgroups_text(tgid) != judged.cgroups;
}

// Who is opted out sends no samples that would tell.
void TargetDivisors::look(std::uint64_t now_ns) {
  if (now_ns < looked_ns_ + kBetweenLooksNs) return;
  looked_ns_ = now_ns;
  const std::size_t count = std::min(kProcessesOfALook, judged_.size());
  auto at = judged_.upper_bound(looked_at_);
  for (std::size_t i = 0; i < count && !judged_.empty(); ++i) {
    if (at == judged_.end()) at = judged_.begin();
    const auto& [tgid, judged] = *at;
    looked_at_ = tgid;
    const Process* process = parts_.processes.find(tgid);
    const bool is_gone = process == nullptr || process->start_ticks != judged.start_ticks;
    const bool never = judged.divisor == SONDE_DIVISOR_NEVER;
    if (never && !is_gone && has_changed(tgid, judged)) {
      (void)parts_.tables.set_divisor({tgid, judged.start_ticks}, 0);
      at = judged_.erase(at);
    } else {
      at = is_gone ? judged_.erase(at) : std::next(at);
    }
  }
}

}  // namespace sonde
