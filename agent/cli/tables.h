// SPDX-License-Identifier: Apache-2.0
// The tables of the terminal: functions, images, processes, origins. Each returns whole lines
// without a newline, none wider than the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/terminal.h"
#include "core/model/aggregate.h"
#include "core/model/profile.h"

namespace sonde {

using Lines = std::vector<std::string>;

// `libc.so.6`, `[kernel]`, `[vdso]`: where a function's code comes from, made printable.
std::string place_of(const FunctionTable::Entry& function, const Pen& pen);
std::string place_of(std::string_view image, const Pen& pen);

// A row of figures before a name and a place: the shape of every function table.
struct FigureRow {
  std::vector<std::string> figures;  // right-aligned under the heads
  std::string_view name;             // not yet made printable
  std::string place;
  Origin origin = Origin::kOwn;
};
// heads  one per figure, then the head of the name and that of the place; an empty last one = no
//        places, names get their room.
Lines figure_table(const std::vector<std::string>& heads, const std::vector<FigureRow>& rows,
                   const Pen& pen);

// rows  at most so many; the rest is not mentioned.
Lines function_lines(const FunctionTable& functions, const std::vector<FunctionTotals>& totals,
                     std::uint64_t all_ns, std::size_t rows, const Pen& pen);
Lines image_lines(const std::vector<ImageTotals>& totals, std::uint64_t all_ns, std::size_t rows,
                  const Pen& pen);
Lines process_lines(const std::vector<ProcessTotals>& totals, std::uint64_t all_ns,
                    std::size_t rows, std::size_t name_width, const Pen& pen);
// width  columns left for the block, its bars included.
Lines origin_lines(const OriginTotals& totals, std::uint64_t all_ns, std::size_t width,
                   const Pen& pen);
// `left` and `right` beside each other, `right` from column `at` on.
Lines beside(const Lines& left, const Lines& right, std::size_t at);

}  // namespace sonde
