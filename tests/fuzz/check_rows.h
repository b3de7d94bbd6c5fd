// SPDX-License-Identifier: Apache-2.0
// What the kernel's unwinder relies on in every row table, whatever file it was made of.
#pragma once

#include <cstdlib>

#include "core/model/row_table.h"

namespace sonde {

inline void check_rows(const RowTable& table) {
  for (const sonde_page& page : table.pages) {
    if (page.count > SONDE_MAX_ROWS_PER_PAGE) std::abort();
    if (page.first > table.rows.size() || page.count > table.rows.size() - page.first) std::abort();
    for (std::uint32_t i = 0; i < page.count; ++i) {
      const auto& row = table.rows[page.first + i];
      if (i == 0 ? row.offset != 0 : row.offset <= table.rows[page.first + i - 1].offset) {
        std::abort();
      }
    }
  }
}

}  // namespace sonde
