// SPDX-License-Identifier: Apache-2.0
// The windows of a range -> one profile with names: from what the history and the name tables have,
// long after the processes and their files are gone. Stage 5 of the line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/store/history.h"
#include "agent/store/late_names.h"
#include "agent/store/name_keeper.h"
#include "agent/store/stack_merger.h"
#include "core/base/result.h"
#include "core/model/closed_window.h"
#include "core/model/profile.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

struct ProfileQuestion {
  Selection selection = {};
  std::optional<HistoryRange> before = {};       // another range to compare it with
  std::vector<std::string> group_by{"process"};  // labels: what becomes one process of the profile
  std::span<const ClosedWindow> open = {};       // count as well where they begin in a range
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
};

// One side of a comparison, or the only one.
struct ReadSide {
  ProfileMeta meta;                  // sums over all windows of the range, whoever was sampled
  std::vector<std::uint32_t> rates;  // each once
  std::uint64_t windows = 0;
  std::uint64_t stored = 0;          // samples in them, whoever was sampled
  std::uint64_t unaccounted = 0;     // ticks that the books do not explain: anything but 0 is a bug
  std::vector<ProfileStack> stacks;  // indices as in the profile
};

struct ReadProfile {
  // A process for each group; its name is the first value, its pid the lowest of the group. The
  // meta is that of `side`.
  SymbolizedProfile profile;
  std::vector<MergedGroup> groups;  // by index of profile.processes
  ReadSide side;                    // its stacks are those of the profile: empty here
  std::optional<ReadSide> before;
  std::vector<std::string> errors;  // what could not be read; the rest is here
};

// Thread-safe.
class ProfileReader {
 public:
  // A name is looked for again for so long in one read.
  static constexpr std::chrono::milliseconds kLateNames{2'000};

  // All outlive this.
  ProfileReader(History& history, NameKeeper& names, SymbolizerClient& client,
                MergeLimits limits = {})
      : history_(history), names_(names), late_(names, client), limits_(limits) {}

  // What the limits leave out is in the meta's losses (`read_limit`).
  //
  // errors  as walk_windows()
  // cost    about 0.4 ms for a window of 300 stacks, 2 us for each distinct address.
  Result<ReadProfile> read(const ProfileQuestion& question);

 private:
  Result<ReadSide> read_side(const ProfileQuestion& question, const HistoryRange& range,
                             std::size_t side, StackMerger& merger,
                             std::vector<std::string>& errors);

  History& history_;
  NameKeeper& names_;
  LateNames late_;
  const MergeLimits limits_;
};

}  // namespace sonde
