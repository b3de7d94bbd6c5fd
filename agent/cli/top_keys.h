// SPDX-License-Identifier: Apache-2.0
// What keys do in `sonde top`: bytes of a terminal -> keys -> what the user wants to see.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/cli/top_table.h"

namespace sonde {

struct Key {
  enum Kind { kText, kEnter, kEscape, kBackspace, kUp, kDown, kPageUp, kPageDown, kHome, kEnd };
  Kind kind = kText;
  std::string text{};  // one printable character
};

// Keys in what one read(2) gave: terminals write a key's bytes at once, so an escape character at
// the end is the key Esc. What is no key that `top` knows is left out.
std::vector<Key> keys_in(std::string_view bytes);

// What the user chose.
struct TopState {
  TopBy by = TopBy::kProcess;
  TopSort sort = TopSort::kCpu;
  bool kernel = true;
  bool held = false;
  bool types = false;   // keys go into `find`
  bool stacks = false;  // those of `selected`, in the place of the table
  bool quits = false;
  std::string find{};      // rows with it in their names; empty: all
  std::string selected{};  // key of a row; empty: none
};

// rows  keys of the rows as they stand in the table; the first is selected if none is.
// page  rows that the screen shows.
void apply(const Key& key, const std::vector<std::string>& rows, std::size_t page, TopState& state);

}  // namespace sonde
