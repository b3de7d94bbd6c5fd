// SPDX-License-Identifier: Apache-2.0
// The one screen about a profile: what `record` ends with and `report` shows. Written from the
// profile alone, so that a file gives the same screen as the recording did.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "agent/cli/terminal.h"
#include "core/model/aggregate.h"
#include "core/model/profile.h"

namespace sonde {

// The sums of one profile, made once and shared by every table.
struct ProfileSums {
  explicit ProfileSums(const SymbolizedProfile& profile);

  FunctionTable functions;
  StackTotals stacks;
  std::vector<FunctionTotals> by_function;
  std::vector<ProcessTotals> by_process;
  OriginTotals by_origin;
};

// Rows of the function table: as asked for, or as many as leave the screen at 24 lines.
struct SummaryOptions {
  std::optional<std::size_t> function_rows;
  std::size_t lines_after = 1;  // below: the prompt and what the caller adds
};

// Lines end in a newline and none is wider than the terminal.
std::string render_summary(const SymbolizedProfile& profile, const ProfileSums& sums,
                           const SummaryOptions& options, const Pen& pen);

// The first lines: how long, where, how many samples, and how far they can be trusted.
std::vector<std::string> summary_head(const SymbolizedProfile& profile, const ProfileSums& sums,
                                      const Pen& pen);
// `!` lines: lost samples by reason, processes whose stacks are cut and what would help.
std::vector<std::string> summary_warnings(const SymbolizedProfile& profile, const ProfileSums& sums,
                                          const Pen& pen);

}  // namespace sonde
