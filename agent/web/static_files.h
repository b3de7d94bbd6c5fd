// SPDX-License-Identifier: Apache-2.0
// The page's own files, which are part of the program. Stateless, thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "agent/web/router.h"
#include "core/model/page_file.h"

namespace sonde {

// Adds each file under its path. Browsers keep them but ask each time whether they are still good
// (304), so that a page is never older than its agent.
//
// policy  Content-Security-Policy of each; lives as long as the program.
void add_static_files(Router& router, std::span<const PageFile> files, std::string_view policy);

}  // namespace sonde
