// SPDX-License-Identifier: Apache-2.0
// The part of a URL behind the question mark, as names and values. Strict where URLs are usually
// read loosely: what is not understood is an error, never a guess. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace sonde {

constexpr std::size_t kMaxParameters = 64;

// Of percent_decode: a plus sign is a space in queries, itself in paths.
enum class PlusSign { kPlus, kSpace };

// errors  kInvalidArgument  `%` without two hexadecimal digits, a zero byte, or not UTF-8.
Result<std::string> percent_decode(std::string_view text, PlusSign plus);

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// `a=b&c` -> {a, b}, {c, ""}, decoded, in their order; names may repeat, empty parts are skipped.
//
// errors  kInvalidArgument  as percent_decode, or more than kMaxParameters.
Result<QueryParameters> parse_query(std::string_view query);

}  // namespace sonde
