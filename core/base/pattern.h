// SPDX-License-Identifier: Apache-2.0
// Regular expressions in time linear in the text (RE2 syntax), for patterns that users and the
// network choose. The only header through which RE2 is used.
#pragma once

#include <memory>
#include <string_view>

#include "core/base/result.h"

namespace re2 {
class RE2;
}

namespace sonde {

// Cheap to copy; thread-safe.
class Pattern {
 public:
  // errors  kInvalidArgument  no regular expression, longer than 1,000 bytes, or of a program over
  //                           1 MiB; the message says what is wrong with it
  static Result<Pattern> compile(std::string_view pattern);

  // True if the whole text matches, as in Prometheus. Bytes that are no UTF-8 match nothing.
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> program) : program_(std::move(program)) {}
  std::shared_ptr<const re2::RE2> program_;
};

}  // namespace sonde
