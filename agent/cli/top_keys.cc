// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/utf8.h"

namespace sonde {
namespace {

constexpr std::size_t kLongestFind = 64;

struct Sequence {
  std::string_view bytes;
  Key::Kind kind;
};
// Of xterm and what follows it, with cursor keys in both modes.
constexpr std::array kSequences = {
    Sequence{"\x1b[A", Key::kUp},      Sequence{"\x1bOA", Key::kUp},
    Sequence{"\x1b[B", Key::kDown},    Sequence{"\x1bOB", Key::kDown},
    Sequence{"\x1b[5~", Key::kPageUp}, Sequence{"\x1b[6~", Key::kPageDown},
    Sequence{"\x1b[H", Key::kHome},    Sequence{"\x1bOH", Key::kHome},
    Sequence{"\x1b[1~", Key::kHome},   Sequence{"\x1b[F", Key::kEnd},
    Sequence{"\x1bOF", Key::kEnd},     Sequence{"\x1b[4~", Key::kEnd},
};

// Bytes of an escape sequence that is none of the above (ECMA-48: ends with 0x40..0x7e).
std::size_t unknown_sequence(std::string_view bytes) {
  if (bytes.size() < 2 || (bytes[1] != '[' && bytes[1] != 'O')) return 1;
  for (std::size_t i = 2; i < bytes.size(); ++i) {
    if (bytes[i] >= 0x40 && bytes[i] <= 0x7e) return i + 1;
  }
  return bytes.size();
}

void type(const Key& key, TopState& state) {
  switch (key.kind) {
    case Key::kText:
      if (state.find.size() + key.text.size() <= kLongestFind) state.find += key.text;
      break;
    case Key::kBackspace: {
      std::size_t at = state.find.size();
      while (at > 0 && (static_cast<unsigned char>(state.find[--at]) & 0xc0U) == 0x80U) {
      }
      state.find.resize(at);
      break;
    }
    case Key::kEscape:
      state.find.clear();
      state.types = false;
      break;
    case Key::kEnter:
      state.types = false;
      break;
    default:
      break;
  }
}

void choose(TopBy by, TopState& state) {
  if (state.by != by) state.selected.clear();
  state.by = by;
  state.stacks = false;
}

TopSort after(TopSort sort) {
  return sort == TopSort::kCpu      ? TopSort::kSecond
         : sort == TopSort::kSecond ? TopSort::kName
                                    : TopSort::kCpu;
}

void press(char key, TopState& state) {
  switch (key) {
    case 'q':
      state.quits = true;
      break;
    case 'p':
      choose(TopBy::kProcess, state);
      break;
    case 'c':
      choose(TopBy::kCgroup, state);
      break;
    case 'f':
      choose(TopBy::kFunction, state);
      break;
    case 's':
      state.sort = after(state.sort);
      break;
    case 'k':
      state.kernel = !state.kernel;
      break;
    case ' ':
      state.held = !state.held;
      break;
    case '/':
      state.types = true;
      state.stacks = false;
      break;
    default:
      break;
  }
}

void select(Key::Kind kind, const std::vector<std::string>& rows, std::size_t page,
            TopState& state) {
  if (rows.empty()) return;
  const auto found = std::ranges::find(rows, state.selected);
  const bool is_new = found == rows.end();
  const auto at = is_new ? std::size_t{0} : static_cast<std::size_t>(found - rows.begin());
  const std::size_t last = rows.size() - 1;
  std::size_t next = at;
  if (kind == Key::kUp && at > 0) next = at - 1;
  if (kind == Key::kDown && !is_new) next = at + 1;
  if (kind == Key::kPageUp) next = at - std::min(at, page);
  if (kind == Key::kPageDown) next = at + page;
  if (kind == Key::kHome) next = 0;
  if (kind == Key::kEnd) next = last;
  state.selected = rows[std::min(next, last)];
}

}  // namespace

std::vector<Key> keys_in(std::string_view bytes) {
  std::vector<Key> out;
  while (!bytes.empty()) {
    const unsigned char first = static_cast<unsigned char>(bytes.front());
    std::size_t used = 1;
    if (first == '\r' || first == '\n') {
      out.push_back({.kind = Key::kEnter});
    } else if (first == 0x7f || first == '\b') {
      out.push_back({.kind = Key::kBackspace});
    } else if (first == 0x1b) {
      const auto known = std::ranges::find_if(
          kSequences, [&](const Sequence& one) { return bytes.starts_with(one.bytes); });
      used = known == kSequences.end() ? unknown_sequence(bytes) : known->bytes.size();
      if (known != kSequences.end()) {
        out.push_back({.kind = known->kind});
      } else if (used == 1) {
        out.push_back({.kind = Key::kEscape});
      }
    } else if (first >= ' ') {
      const Utf8Char character = utf8_char_at(bytes, 0);
      used = character.bytes;
      if (character.valid) {
        out.push_back({.kind = Key::kText, .text = std::string(bytes.substr(0, used))});
      }
    }
    bytes.remove_prefix(used);
  }
  return out;
}

void apply(const Key& key, const std::vector<std::string>& rows, std::size_t page,
           TopState& state) {
  if (state.types) return type(key, state);
  switch (key.kind) {
    case Key::kText:
      if (key.text.size() == 1) press(key.text.front(), state);
      break;
    case Key::kEnter:
      if (state.selected.empty() && !rows.empty()) state.selected = rows.front();
      state.stacks = !state.stacks && !state.selected.empty();
      break;
    case Key::kEscape:
    case Key::kBackspace:
      if (state.stacks) {
        state.stacks = false;
      } else if (!state.find.empty()) {
        state.find.clear();
      } else {
        state.selected.clear();
      }
      break;
    default:
      if (!state.stacks) select(key.kind, rows, page, state);
      break;
  }
}

}  // namespace sonde
