// SPDX-License-Identifier: Apache-2.0
#include "core/base/pattern.h"

#include <re2/re2.h>

#include <string>

namespace sonde {
namespace {

constexpr std::size_t kMaxPatternBytes = 1'000;
constexpr std::int64_t kMaxProgramBytes = 1 << 20;

}  // namespace

Result<Pattern> Pattern::compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) {
    return Error{ErrorCode::kInvalidArgument, "a regular expression of more than 1,000 bytes"};
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxProgramBytes);
  options.set_dot_nl(true);  // values may hold any character
  auto program =
      std::make_shared<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!program->ok()) {
    return Error{ErrorCode::kInvalidArgument, "regular expression: " + program->error()};
  }
  return Pattern(std::move(program));
}

bool Pattern::matches(std::string_view text) const {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *program_);
}

}  // namespace sonde
