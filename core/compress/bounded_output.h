// SPDX-License-Identifier: Apache-2.0
// The output string of a decoder: grows by doubling up to a limit. Private to core/compress.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace sonde {

class BoundedOutput {
 public:
  // max_bytes  what the finished output may have; one byte more is offered to the decoder, so that
  //            "exactly full" and "too large" are told apart.
  explicit BoundedOutput(std::size_t max_bytes)
      : limit_(max_bytes == std::string().max_size() ? max_bytes : max_bytes + 1) {}

  // Makes room for the decoder's next bytes. False: the limit is reached.
  bool grow() {
    if (used_ < text_.size()) return true;
    if (text_.size() >= limit_) return false;
    text_.resize(std::min(limit_, std::max(kFirstBytes, 2 * text_.size())));
    return true;
  }
  [[nodiscard]] char* free_begin() { return text_.data() + used_; }
  [[nodiscard]] std::size_t free_bytes() const { return text_.size() - used_; }
  void wrote(std::size_t bytes) { used_ += bytes; }
  [[nodiscard]] bool too_large() const { return used_ >= limit_; }

  // The output; the object is spent.
  std::string take() {
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  static constexpr std::size_t kFirstBytes = 16384;
  std::string text_;
  std::size_t used_ = 0;
  std::size_t limit_;
};

}  // namespace sonde
