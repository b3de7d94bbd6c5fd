// SPDX-License-Identifier: Apache-2.0
// The files of both sides of `sonde diff`: read, found comparable, and what there is to say about
// each side.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/cli/options.h"
#include "core/base/result.h"
#include "core/model/aggregate.h"
#include "core/model/profile.h"

namespace sonde {

struct DiffSideFacts {
  std::vector<std::string> files;
  Weight all;
  std::uint64_t duration_ns = 0;  // of all files; 0 unless each has one
  std::uint64_t lost = 0;         // samples
  std::uint64_t negative = 0;     // samples left out because a value is negative
  double whole_share = 1;         // of the stacks
};

struct DiffInput {
  std::array<std::vector<SymbolizedProfile>, 2> sides;  // before, after
  std::array<DiffSideFacts, 2> facts;
  bool is_cpu_time = true;  // false: only counts are known
};

// Reads every file.
//
// errors  whole sentences: a file that cannot be read (see profile_file.h), that holds no CPU time
//         (or counts where another file holds CPU time), a side without samples, and for
//         options.absolute a file without duration or CPU time.
Result<DiffInput> read_diff_input(const DiffOptions& options);

// The same for profiles in memory. facts.files are names for messages.
Result<DiffInput> check_diff_input(std::array<std::vector<SymbolizedProfile>, 2> sides,
                                   const DiffOptions& options);

}  // namespace sonde
