// SPDX-License-Identifier: Apache-2.0
// One self-contained HTML file with the flame graph of a profile: no request to anywhere, works
// from a disk, strict content security policy by hashes. Stateless, thread-safe.
#pragma once

#include <string>

#include "core/model/profile.h"

namespace sonde {

// cost  builds the tree and its payload; about 60 bytes a node plus 100 KiB of page.
std::string encode_html(const SymbolizedProfile& profile);

}  // namespace sonde
