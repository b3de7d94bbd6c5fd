// SPDX-License-Identifier: Apache-2.0
// Figures as every sonde screen writes them: a point for decimals and commas for thousands in
// every locale, `0.02 %` and not `2e-4`, `< 0.01 %` below the resolution, IEC bytes.
#pragma once

#include <cstdint>
#include <string>

namespace sonde {

std::string format_count(std::uint64_t count);  // 27,412
// share  0..1. `100 %` only if nothing is missing, `0 %` only if there is nothing.
std::string format_percent(double share);
std::string format_duration(std::uint64_t nanoseconds);  // 323 ms, 11.4 s, 24 min 3 s, 6 h 2 min
std::string format_bytes(std::uint64_t bytes);           // 812 B, 184 KiB, 2.1 GiB
std::string format_fixed(double value, int decimals);
// part / whole, 0 if there is no whole.
double ratio(std::uint64_t part, std::uint64_t whole);
double to_seconds(std::uint64_t nanoseconds);

}  // namespace sonde
