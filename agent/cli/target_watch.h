// SPDX-License-Identifier: Apache-2.0
// Knows when the processes given with -p are gone together with everything they started, so that
// a recording does not wait for nobody. Costs a few reads of /proc a second.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

class TargetWatch {
 public:
  // errors  kNotFound          no process with this id
  //         kInvalidArgument   the id is that of a thread; the message names its process
  static Result<TargetWatch> create(const std::vector<std::uint32_t>& pids);

  // True once no target and no known descendant lives. Looks at most twice a second.
  //
  // now_ns  CLOCK_MONOTONIC.
  bool all_gone(std::uint64_t now_ns);

 private:
  void follow_children(pid_t pid);
  bool follow(pid_t pid);

  std::map<pid_t, UniqueFd> alive_;  // pid -> pidfd
  std::uint64_t next_look_ns_ = 0;
};

}  // namespace sonde
