// SPDX-License-Identifier: Apache-2.0
// Figures as people read them, as web/format.js writes them. Point decimals, English. Stateless.
#pragma once

#include <cstdint>
#include <string>

namespace sonde {

// `27,412`
std::string count_text(std::uint64_t value);

// A share of 1: `5.58 %`, `100 %`, `0 %`, `< 0.01 %`. space: what stands before the sign.
std::string percent_text(double share, const char* space = "\xe2\x80\xaf");

// `24 min 3 s`, `11.4 s`, `323 ms`, `80.0 µs`, `0`
std::string time_text(std::uint64_t ns);

// Unix nanoseconds as `2025-06-13 14:02:00`, UTC.
std::string utc_text(std::uint64_t unix_ns);

}  // namespace sonde
