// SPDX-License-Identifier: Apache-2.0
// Code that was replaced in a process: between that moment and the kernel learning of it, a tick
// is walked with tables of code that is no longer there. Such walks are recognised by time and cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/model/profile_window.h"

namespace sonde {

// Thread-confined.
class StaleCode {
 public:
  // From `time_ns` on, what was mapped of `image` in the process is something else. kNone: all of
  // the process's code was replaced (exec).
  void add(std::uint32_t tgid, std::uint64_t time_ns, ImageId image);
  // The kernel's tables are up to date from `now_ns` on.
  void published(std::uint64_t now_ns);
  // Forgets what no sample taken after `now_ns` can still meet.
  void forget_before(std::uint64_t now_ns);

  // How many frames of a walk (leaf first) are certain: all of them unless one lies in code that
  // had been replaced by then.
  [[nodiscard]] std::size_t certain_frames(std::uint32_t tgid, std::uint64_t time_ns,
                                           std::span<const FrameWord> frames) const;

 private:
  static constexpr std::uint64_t kNotPublished = ~std::uint64_t{0};
  struct Replacement {
    std::uint32_t tgid = 0;
    ImageId image = ImageId::kNone;
    std::uint64_t from_ns = 0;
    std::uint64_t to_ns = kNotPublished;
  };
  std::vector<Replacement> replacements_;
};

}  // namespace sonde
