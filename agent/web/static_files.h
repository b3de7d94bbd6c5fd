// SPDX-License-Identifier: Apache-2.0
// The page's own files, which are part of the program. Stateless, thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "agent/web/router.h"

namespace sonde {

// Views of data that lives as long as the program.
struct StaticFile {
  std::string_view path;  // `/strip.js`
  std::string_view content_type;
  std::string_view bytes;
};

// Adds each file under its path, with kPagePolicy. Browsers keep them but ask each time whether
// they are still good (304), so that a page is never older than its agent.
void add_static_files(Router& router, std::span<const StaticFile> files);

}  // namespace sonde
