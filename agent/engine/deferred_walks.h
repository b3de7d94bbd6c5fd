// SPDX-License-Identifier: Apache-2.0
// Samples whose walk needs tables that are still on their way: kept until they are there, then
// walked in userspace. So a process is whole from its first tick, also one that is gone by now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "agent/capture/stack_walker.h"
#include "agent/engine/table_publisher.h"
#include "agent/process/process_table.h"
#include "core/model/raw_sample.h"

namespace sonde {

struct DeferredCounts {
  std::uint64_t walked = 0;       // to whatever end
  std::uint64_t unwalked = 0;     // the process or its tables never came
  std::uint64_t over_budget = 0;  // not kept: too many at a time
};

// Thread-confined (the session's).
class DeferredWalks {
 public:
  // Memory of the samples kept, at about 9 KB each.
  static constexpr std::size_t kMaxBytes = std::size_t{16} << 20;
  // A sample that waits for longer is taken as it is.
  static constexpr std::uint64_t kMaxWaitNs = 10'000'000'000;
  // One whose process is not known by now was never seen: windows wait for it.
  static constexpr std::uint64_t kMaxUnknownNs = 1'000'000'000;

  // All outlive this.
  DeferredWalks(UnwindTables& tables, TablePublisher& publisher, const ProcessTable& processes)
      : tables_(tables), publisher_(publisher), processes_(processes), walker_(tables) {}

  // process   null if it was never known.
  using Take = std::function<void(const RawSample& sample, const Process* process)>;

  // Keeps a deferred sample, or hands it to `take` at once, without user frames, if the budget is
  // used up.
  void add(RawSample&& sample, const Take& take);
  // Hands out every sample that can be walked now; with `last` all of them.
  void resolve(bool last, const Take& take);

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  // Time of the oldest sample kept; `otherwise` if there is none.
  [[nodiscard]] std::uint64_t oldest_ns(std::uint64_t otherwise) const;
  [[nodiscard]] const DeferredCounts& counts() const { return counts_; }

 private:
  bool settle(RawSample& sample, bool last, const Take& take);
  void give_up(RawSample& sample, const Process* process, const Take& take);

  UnwindTables& tables_;
  TablePublisher& publisher_;
  const ProcessTable& processes_;
  StackWalker walker_;
  std::shared_ptr<const std::vector<CodeRange>> converted_from_;  // within resolve()
  std::vector<sonde_range> converted_;
  std::deque<RawSample> waiting_;
  std::size_t bytes_ = 0;
  std::uint64_t publications_seen_ = 0;
  std::uint64_t resolved_ns_ = 0;
  bool added_ = false;  // since the last look
  DeferredCounts counts_;
};

}  // namespace sonde
