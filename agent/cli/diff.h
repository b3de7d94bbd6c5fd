// SPDX-License-Identifier: Apache-2.0
// `sonde diff`: what changed between two sides of pprof files, beyond chance.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "agent/cli/options.h"
#include "agent/cli/terminal.h"
#include "core/base/result.h"
#include "core/model/profile.h"

namespace sonde {

struct RenderedDiff {
  std::string out;    // for stdout
  std::string grown;  // what grew past --fail-above, for stderr; empty = nothing did
};

// Text, or one line of JSON. errors: what does not compare, see diff_side.h.
Result<RenderedDiff> render_diff(std::array<std::vector<SymbolizedProfile>, 2> sides,
                                 const DiffOptions& options, const Pen& pen);

// Reads the files, prints to stdout, returns the exit code: kExitGrown if --fail-above says so.
int run_diff(const DiffOptions& options);

}  // namespace sonde
