// SPDX-License-Identifier: Apache-2.0
// The figures of `sonde diff` as one JSON object. Keys are documented in docs/sonde.1 and only
// ever added to.
#pragma once

#include "agent/cli/diff_judge.h"
#include "agent/cli/diff_side.h"
#include "agent/cli/options.h"
#include "core/base/json.h"

namespace sonde {

Json diff_json(const DiffInput& input, const ProfileDiff& diff, const DiffFigures& figures,
               const DiffOptions& options);

}  // namespace sonde
