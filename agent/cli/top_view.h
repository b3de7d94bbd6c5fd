// SPDX-License-Identifier: Apache-2.0
// What `sonde top` shows: a window and what the user chose -> lines. Pure: it reads no clock and no
// terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/cli/tables.h"
#include "agent/cli/terminal.h"
#include "agent/cli/top_keys.h"
#include "agent/cli/top_table.h"
#include "agent/cli/top_trends.h"

namespace sonde {

struct TopScreen {
  std::size_t height = 24;  // lines
  // Keys work: the last line names them, and what the user selected is marked.
  bool has_keys = false;
  std::string clock{};                // local time of the window's end, `14:17:12`
  std::string length{};               // of windows, `2 s`
  std::vector<std::string> limits{};  // what this host does not allow (SessionCapabilities)
};

// The rows that are there to be selected, in their order.
std::vector<TopRow> listed_rows(const TopWindow& window, const TopState& state);
// How many of them a screen shows.
std::size_t listed_lines(const TopScreen& screen);

// Lines without a newline, none wider than the terminal. With keys as many as the screen has,
// without at most so many. From 120 columns on with shares of whole stacks, places and trends.
Lines top_lines(const TopWindow& window, const TopTrends& trends, const TopState& state,
                const TopScreen& screen, const Pen& pen);
// Before the first window ended.
Lines top_waiting_lines(const TopScreen& screen, const Pen& pen);

}  // namespace sonde
