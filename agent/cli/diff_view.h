// SPDX-License-Identifier: Apache-2.0
// `sonde diff` on the terminal: what is compared, the table of changes, what was left out.
#pragma once

#include <string>

#include "agent/cli/diff_judge.h"
#include "agent/cli/diff_side.h"
#include "agent/cli/options.h"
#include "agent/cli/terminal.h"

namespace sonde {

// Lines end in a newline and none is wider than the terminal.
std::string diff_text(const DiffInput& input, const ProfileDiff& diff, const DiffFigures& figures,
                      const DiffOptions& options, const Pen& pen);

// What grew past --fail-above, for stderr: one sentence, then up to ten lines.
// Precondition: figures.grown is not empty.
std::string grown_text(const ProfileDiff& diff, const DiffFigures& figures,
                       const DiffOptions& options, const Pen& pen);

}  // namespace sonde
