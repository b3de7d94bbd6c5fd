// SPDX-License-Identifier: Apache-2.0
// Names of merged frames, from the tables that were kept when they were sampled.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "agent/store/late_names.h"
#include "agent/store/name_keeper.h"
#include "agent/store/stack_merger.h"
#include "core/model/profile.h"

namespace sonde {

// By source of the merger where stacks end: image of the profile.
using StopImages = std::map<std::uint32_t, std::uint32_t>;

// Puts every frame of the merger into the profile, under the same number, with its function and its
// image. One table of names at a time is in memory.
//
// late_for  so long files are asked again for code without a name; the rest keeps its reason.
// cost      1 us a name of each table, 1 us a frame; late names as LateNames::ask().
StopImages name_code(const StackMerger& merger, NameKeeper& names, LateNames& late,
                     std::chrono::nanoseconds late_for, SymbolizedProfile& profile);

}  // namespace sonde
