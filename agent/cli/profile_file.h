// SPDX-License-Identifier: Apache-2.0
// Reads one pprof file for the verbs that show files.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/model/profile.h"

namespace sonde {

// At most 1 GiB. Errors are whole sentences with the file's name; for a damaged file with the byte
// offset and what could be read.
Result<SymbolizedProfile> read_profile(const std::string& path);

}  // namespace sonde
