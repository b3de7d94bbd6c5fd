// SPDX-License-Identifier: Apache-2.0
// The files of the agent's page as joined at build time by web/join.py. Immutable, thread-safe.
#pragma once

#include <span>
#include <string_view>

namespace sonde {

struct PageFile {
  std::string_view path;          // "/", "/page.js": as the browser asks for it
  std::string_view content_type;  // with charset where it is text
  std::string_view bytes;         // not compressed
};

// Every file that GET may ask for; "/" is the page itself and comes first.
std::span<const PageFile> live_page_files();

// Value of the Content-Security-Policy header that "/" must be sent with.
std::string_view live_page_policy();

}  // namespace sonde
