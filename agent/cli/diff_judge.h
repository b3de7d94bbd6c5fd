// SPDX-License-Identifier: Apache-2.0
// Which changes between two sides are worth showing, and in which order: the figures behind
// `sonde diff`, whatever they are printed as.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/cli/options.h"
#include "core/model/change.h"
#include "core/model/profile_diff.h"

namespace sonde {

inline constexpr double kShownSigmas = 2;    // below, a change is within the error
inline constexpr double kCertainSigmas = 3;  // from here on it can fail a run

// A function, process, image or call path with its change.
struct DiffEntry {
  std::uint32_t item = 0;           // into ProfileDiff::items(); of a path its last function
  std::vector<std::uint32_t> path;  // of a path: functions from the first to the last
  SidePair self;                    // empty for paths
  SidePair total;
  Change change;  // what was asked for: of own or total time, as share or absolute
};

struct DiffFigures {
  std::vector<DiffEntry> shown;  // largest change first
  std::size_t compared = 0;      // that have samples of what is compared
  std::size_t countable = 0;     // of those, that have enough samples to tell
  std::size_t beyond_error = 0;  // of those; shown or cut by the number of rows
  std::vector<DiffEntry> grown;  // --fail-above: what grew by more, largest first
};

// How one pair of sums differs, in the unit that was asked for.
class DiffJudge {
 public:
  // Precondition: absolute needs the seconds of both sides.
  DiffJudge(const ProfileDiff& diff, bool absolute) : diff_(diff), absolute_(absolute) {}

  [[nodiscard]] bool has_rates() const;
  [[nodiscard]] bool absolute() const { return absolute_; }
  [[nodiscard]] Change share(const SidePair& sums) const;
  [[nodiscard]] Change rate(const SidePair& sums) const;  // Precondition: has_rates()
  [[nodiscard]] Change change(const SidePair& sums) const {
    return absolute_ ? rate(sums) : share(sums);
  }
  // How much a change is of everything before: a share's percentage points, or CPU per second
  // over all CPU per second of the older side.
  [[nodiscard]] double growth(const Change& change) const;

 private:
  const ProfileDiff& diff_;
  bool absolute_;
};

// Everything that `options` ask for. Rows: options.rows, else `default_rows`.
DiffFigures judge_diff(const ProfileDiff& diff, const DiffOptions& options,
                       std::size_t default_rows);

}  // namespace sonde
