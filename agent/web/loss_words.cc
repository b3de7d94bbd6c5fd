// SPDX-License-Identifier: Apache-2.0
#include "agent/web/loss_words.h"

#include <array>

namespace sonde {

std::span<const LossWords> loss_words() {
  static constexpr std::array<LossWords, 5> kWords = {{
      {"missed", "another BPF program held the CPU, so the clock did not run the sampler", ""},
      {"ring_full", "the ring had no room: the agent was not scheduled for too long",
       "a lower rate, fewer other loads on the host"},
      {"damaged_record", "a record of the ring contradicted itself and was not used",
       "report it: it is a bug"},
      {"stack_limit", "the window holds as many different stacks as it may",
       "a narrower choice of processes"},
      {"read_limit", "the range has more different stacks than one answer holds",
       "a shorter range, a narrower choice"},
  }};
  return kWords;
}

}  // namespace sonde
