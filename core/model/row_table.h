// SPDX-License-Identifier: Apache-2.0
// The unwind rows of one file, keyed by file offset: what the worker makes and capture loads.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bpf/abi/rows.h"
#include "core/base/large_memory.h"

namespace sonde {

struct RowTable {
  std::uint64_t first_page = 0;                   // file offset >> 16 of pages[0]
  std::vector<sonde_page> pages;                  // consecutive; `first` indexes `rows` here
  LargeVector<sonde_row> rows;                    // sorted by file offset, page by page
  std::uint64_t unsupported_rows = 0;             // rows of kind SONDE_CFA_UNSUPPORTED
  std::map<std::string, std::uint64_t> left_out;  // named class -> rows or FDEs, see row_file.h
};

}  // namespace sonde
