// SPDX-License-Identifier: Apache-2.0
// The files of the agent's page as joined at build time by web/join.py. Immutable, thread-safe.
#pragma once

#include <span>
#include <string_view>

#include "core/model/page_file.h"

namespace sonde {

// Every file that GET may ask for; "/" is the page itself and comes first.
std::span<const PageFile> live_page_files();

// Value of the Content-Security-Policy header that they are sent with: the page's own scripts,
// styles, pictures and data, nothing from elsewhere and nothing inline.
std::string_view live_page_policy();

}  // namespace sonde
