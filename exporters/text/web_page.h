// SPDX-License-Identifier: Apache-2.0
// The page's modules as joined at build time by web/join.py. Immutable.
#pragma once

#include <string_view>

namespace sonde {

// The exported page around its two variable parts: head TITLE middle PAYLOAD tail.
struct ExportPage {
  std::string_view head;
  std::string_view middle;
  std::string_view tail;
};
ExportPage export_page();

// Zoom and search of the SVG export; safe inside CDATA.
std::string_view svg_script();

}  // namespace sonde
