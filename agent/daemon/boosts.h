// SPDX-License-Identifier: Apache-2.0
// Processes that are sampled more often for a while: who, and until when. Pure: time is handed in.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/model/process_selector.h"

namespace sonde {

struct Boost {
  std::uint64_t id = 0;
  ProcessSelector processes;
  std::uint64_t until_ns = 0;
};

// Thread-confined.
class Boosts {
 public:
  static constexpr std::size_t kMax = 16;  // at a time

  // Of these processes until then; one that is about the same processes ends in its place.
  //
  // errors  kResourceExhausted  there are 16
  Result<Boost> add(const ProcessSelector& processes, std::uint64_t until_ns);
  // False: there is none of this id.
  bool end(std::uint64_t id);
  // Those that are over at `now_ns` end.
  void expire(std::uint64_t now_ns);

  [[nodiscard]] const std::vector<Boost>& active() const { return active_; }
  [[nodiscard]] std::uint64_t begun() const { return last_id_; }

 private:
  std::vector<Boost> active_;  // oldest first
  std::uint64_t last_id_ = 0;
};

}  // namespace sonde
