// SPDX-License-Identifier: Apache-2.0
// Walks the stacks that the kernel could only copy (struct sonde_deferred), by the kernel's own
// steps over the kernel's own tables.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "agent/capture/unwind_tables.h"
#include "core/model/raw_sample.h"

struct sonde_unwind;

namespace sonde {

// Thread-confined.
class StackWalker {
 public:
  // tables   outlives this.
  explicit StackWalker(UnwindTables& tables);
  ~StackWalker();
  StackWalker(const StackWalker&) = delete;
  StackWalker& operator=(const StackWalker&) = delete;

  // Turns a deferred sample into one as the kernel would have sent it: frame words and the reason
  // why the walk ended. A walk that leaves the copied memory says `stack_copy`. If tables are
  // missing on its way it changes nothing but with `settle`, which takes the walk as it is.
  // ranges   of the process when the sample was taken, sorted.
  // cost     about 0.2 us a frame.
  struct Outcome {
    bool walked = false;
    std::uint64_t missing = 0;  // the image frame whose rows are not published; 0 = in no range
  };
  Outcome walk(RawSample& sample, std::span<const sonde_range> ranges, bool settle);

 private:
  UnwindTables& tables_;
  std::unique_ptr<sonde_unwind> state_;
};

}  // namespace sonde
