// SPDX-License-Identifier: Apache-2.0
// The samples of one look at the ring. Their memory is used again by the next: a host that runs the
// same programs costs no allocation a sample.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "core/model/raw_sample.h"

namespace sonde {

// Thread-confined.
class SampleBatch {
 public:
  // Takes the sample's content and leaves it memory of an older one.
  void add(RawSample& sample) {
    if (used_ == samples_.size()) samples_.emplace_back();
    std::swap(samples_[used_++], sample);
  }
  [[nodiscard]] std::span<RawSample> samples() { return {samples_.data(), used_}; }
  // Forgets them. A burst's memory beyond kKept samples (at most 8 KiB each) is given back.
  void clear() {
    used_ = 0;
    if (samples_.size() <= kKept) return;
    samples_.resize(kKept);
    samples_.shrink_to_fit();
  }

 private:
  static constexpr std::size_t kKept = 512;

  std::vector<RawSample> samples_;
  std::size_t used_ = 0;
};

}  // namespace sonde
