// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cgroup_meters.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "agent/process/cpu_usage.h"
#include "core/base/clock.h"

namespace sonde {

std::vector<CgroupCharge> CgroupMeters::read(std::uint64_t latest_ns) {
  std::vector<CgroupCharge> out;
  new_ = 0;
  for (auto next = meters_.begin(); next != meters_.end() && monotonic_ns() <= latest_ns;) {
    const auto entry = next++;
    Meter& meter = entry->second;
    if (++meter.unseen > (meter.file ? kMaxUnseen : kAskAgain)) {
      meters_.erase(entry);
      continue;
    }
    if (!meter.file) continue;
    const auto ns = usage(meter.file);
    if (!ns) {
      const bool is_gone = ns.error().sys_errno == ENODEV;  // kernfs: its directory was removed
      count(is_gone ? ChargeLoss::kCgroupGone : ChargeLoss::kCgroupUnreadable);
      meters_.erase(entry);
      continue;
    }
    const std::uint64_t before = std::exchange(meter.ns, *ns);
    if (*ns < before) {
      count(ChargeLoss::kCgroupBack);
    } else {
      out.push_back({entry->first, *ns - before});
    }
  }
  return out;
}

void CgroupMeters::watch(const std::string& cgroup, std::span<const std::uint32_t> tgids) {
  if (layout_.cpu_mount.empty() || cgroup.size() < 2) return;
  const auto known = meters_.find(cgroup);
  if (known != meters_.end()) {
    if (known->second.file) known->second.unseen = 0;
    return;
  }
  if (meters_.size() >= kMaxCgroups || new_ >= kMaxNew) return count(ChargeLoss::kCgroupLimit);
  ++new_;
  if (!layout_.v1_memory) return open(cgroup);
  const std::optional<bool> same = is_at_one_path(tgids);
  if (!same) return count(ChargeLoss::kCgroupGone);
  if (*same) return open(cgroup);
  count(ChargeLoss::kCgroupElsewhere);
  meters_.try_emplace(cgroup);
}

void CgroupMeters::open(const std::string& cgroup) {
  const std::string path = layout_.cpu_mount + cgroup + "/" + layout_.cpu_file();
  Meter meter{.file = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW))};
  const int error = errno;
  if (!meter.file) {
    count(error == ENOENT ? ChargeLoss::kCgroupGone : ChargeLoss::kCgroupUnreadable);
    return;
  }
  const auto ns = usage(meter.file);
  if (!ns) return count(ChargeLoss::kCgroupUnreadable);
  meter.ns = *ns;
  meters_.try_emplace(cgroup, std::move(meter));
}

// One read: each makes the kernel write the whole text anew.
Result<std::uint64_t> CgroupMeters::usage(const UniqueFd& file) const {
  std::array<char, 1024> text{};  // cpu.stat begins with what is looked for
  const ssize_t size = ::pread(file.get(), text.data(), text.size(), 0);
  if (size < 0) return Error::from_errno(errno, layout_.cpu_file());
  const std::string_view found(text.data(), static_cast<std::size_t>(size));
  return layout_.cpu_v1 ? parse_cpuacct_usage(found) : parse_cpu_stat(found);
}

std::optional<bool> CgroupMeters::is_at_one_path(std::span<const std::uint32_t> tgids) const {
  for (const std::uint32_t tgid : tgids) {
    const auto text = proc_.cgroups(tgid);
    if (!text) continue;
    const auto of_id = cgroup_path_in(*text, "memory");
    const auto of_cpu = cgroup_path_in(*text, layout_.cpu_v1 ? "cpuacct" : "");
    if (of_id && of_cpu) return *of_id == *of_cpu;
  }
  return std::nullopt;
}

}  // namespace sonde
