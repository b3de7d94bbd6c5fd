// SPDX-License-Identifier: Apache-2.0
// A file of the agent's page, between exporters/text, which has it, and a server, which sends it.
#pragma once

#include <string_view>

namespace sonde {

// Views of data that lives as long as the program.
struct PageFile {
  std::string_view path;          // "/", "/page.js": as the browser asks for it
  std::string_view content_type;  // with charset where it is text
  std::string_view bytes;         // not compressed
};

}  // namespace sonde
