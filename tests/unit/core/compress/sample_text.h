// SPDX-License-Identifier: Apache-2.0
// Text that compresses somewhat: words chosen by a fixed pseudo-random sequence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sonde {

inline std::string sample_text(std::size_t size) {
  constexpr std::array kWords = {"stack ",  "frame ", "row ",  "image ",
                                 "symbol ", "tick ",  "ring\n"};
  std::string text;
  std::uint32_t state = 12345;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text += kWords[(state >> 16U) % kWords.size()];
  }
  text.resize(size);
  return text;
}

}  // namespace sonde
