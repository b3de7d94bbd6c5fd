// SPDX-License-Identifier: Apache-2.0
// Whether a range can be trusted: where its ticks went, and whose stacks end early for which
// reason. Sums over windows; no names are looked up.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/model/books.h"
#include "core/model/closed_window.h"

namespace sonde {

struct ExecutableTrust {
  std::string path;  // `[kernel]` for processes without a file
  std::uint64_t samples = 0;
  std::uint64_t whole = 0;
  std::uint64_t early = 0;                       // taken before their code was known
  std::map<std::uint16_t, std::uint64_t> stops;  // stop reason -> samples

  [[nodiscard]] std::uint64_t cut() const { return samples - whole - early; }
};

// Thread-confined.
class TrustSums {
 public:
  // Executables that are told apart; what else there is is one more, without a path.
  static constexpr std::size_t kMaxExecutables = 10'000;

  // The books are of all samples, everything else of the targets that are chosen.
  void add(const ClosedWindow& window, const std::vector<bool>& chosen);

  [[nodiscard]] const ProfileMeta& meta() const { return sum_.meta(); }
  [[nodiscard]] std::uint64_t stored() const { return stored_; }  // samples, of all processes
  // Reason -> end of the last window that lost samples for it, Unix ns.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& last_lost() const { return last_lost_; }
  // Of everything that was chosen; its path is empty.
  [[nodiscard]] const ExecutableTrust& all() const { return all_; }
  // Most cut samples first, then most samples.
  [[nodiscard]] std::vector<ExecutableTrust> executables() const;

 private:
  MetaSum sum_;
  std::uint64_t stored_ = 0;
  std::map<std::string, std::uint64_t> last_lost_;
  ExecutableTrust all_;
  std::map<std::string, ExecutableTrust> executables_;
};

}  // namespace sonde
