// SPDX-License-Identifier: Apache-2.0
// What pprof has no field for, and back. Facts of the recording are `key=value` comments, which
// every tool shows:
//
//   agent=sonde 0.1.0     who wrote it; marks a file of ours      format=1
//   host= kernel= cpus= rate_hz= cgroup_mode=
//   ticks.expected= .missed= .run= .idle= .filtered= .thinned= .emitted=
//   lost.REASON=COUNT     note.NAME=COUNT
//   cost.cpu_seconds= .bpf_seconds= .rss_peak_bytes= .kernel_map_bytes= .bpf_ns_per_sample=
//
// Facts of single frames are entries of the string table that nothing refers to: other tools do
// not show them (comments are printed above every report) and drop them when they renumber.
//
//   sonde.frames=HASH:RUNS     origin of each location in table order, as runs of COUNT LETTER:
//                              o own, l library, k kernel, j jit, u unresolved; upper case =
//                              found by a frame-pointer step. HASH is over the addresses.
//   sonde.reason.NAME=RANGES   locations (1-based, `3-5,9`) that have no name for this reason
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/profile.h"

namespace sonde {

// The comments of a profile, in a fixed order.
std::vector<std::string> recording_facts(const ProfileMeta& meta);
// The string-table entries about its frames.
std::vector<std::string> frame_facts(std::span<const ProfileFrame> frames);

// The facts of one file, collected while it is decoded.
class ProfileFacts {
 public:
  // One comment or one entry of the string table that begins with `sonde.`. Texts without `=` and
  // unknown keys are ignored; a number that cannot be read counts as absent.
  void add(std::string_view text);

  [[nodiscard]] bool written_by_sonde() const { return written_by_sonde_; }
  [[nodiscard]] const ProfileMeta& meta() const { return meta_; }

  // Sets origin, fp_step and reason of every frame, if the comments belong to exactly these.
  // Precondition: one frame per location, in table order. False: nothing was changed.
  bool apply(std::span<ProfileFrame> frames) const;

 private:
  void add_meta(std::string_view key, std::string_view value);

  ProfileMeta meta_;
  bool written_by_sonde_ = false;
  std::string frames_;                                        // value of `frames`
  std::vector<std::pair<std::string, std::string>> reasons_;  // name, ranges
};

}  // namespace sonde
