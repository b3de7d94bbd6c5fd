// SPDX-License-Identifier: Apache-2.0
// Where unwind rows are kept on disk if nobody says.
#pragma once

#include <string>

namespace sonde {

// $SONDE_CACHE_DIR, /var/cache/sonde for root, else $XDG_CACHE_HOME/sonde or ~/.cache/sonde; empty
// if none of them is known.
std::string default_cache_dir();

}  // namespace sonde
