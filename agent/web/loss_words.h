// SPDX-License-Identifier: Apache-2.0
// Why samples were lost, in words for the page: docs/losses.md in short. Stateless.
#pragma once

#include <span>
#include <string_view>

namespace sonde {

struct LossWords {
  std::string_view reason;
  std::string_view meaning;
  std::string_view help;  // empty where there is nothing to do
};

std::span<const LossWords> loss_words();

}  // namespace sonde
