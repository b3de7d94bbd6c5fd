// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/figures.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

TEST(FiguresTest, CountsHaveCommas) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(27'412), "27,412");
  EXPECT_EQ(format_count(18'446'744'073'709'551'615ULL), "18,446,744,073,709,551,615");
}

TEST(FiguresTest, PercentNeverRoundsToAllOrToNothing) {
  EXPECT_EQ(format_percent(0), "0 %");
  EXPECT_EQ(format_percent(0.00001), "< 0.01 %");
  EXPECT_EQ(format_percent(0.0002), "0.02 %");
  EXPECT_EQ(format_percent(0.004), "0.4 %");
  EXPECT_EQ(format_percent(0.134), "13.4 %");
  EXPECT_EQ(format_percent(0.99961), "99.9 %");
  EXPECT_EQ(format_percent(0.9999999), "99.9 %");
  EXPECT_EQ(format_percent(1), "100 %");
  EXPECT_EQ(format_percent(1.6), "160 %");
}

TEST(FiguresTest, DurationsUseTheLargestSensibleUnit) {
  EXPECT_EQ(format_duration(0), "0 s");
  EXPECT_EQ(format_duration(12'000), "12 µs");
  EXPECT_EQ(format_duration(323'000'000), "323 ms");
  EXPECT_EQ(format_duration(1'250'000'000), "1.25 s");
  EXPECT_EQ(format_duration(3'000'000'000), "3.0 s");
  EXPECT_EQ(format_duration(11'400'000'000), "11.4 s");
  EXPECT_EQ(format_duration(30'000'000'000), "30.0 s");
  EXPECT_EQ(format_duration(59'990'000'000), "1 min 0 s");
  EXPECT_EQ(format_duration(1'443'000'000'000), "24 min 3 s");
  EXPECT_EQ(format_duration(21'720'000'000'000), "6 h 2 min");
  EXPECT_EQ(format_duration(280'800'000'000'000), "3 d 6 h");
}

TEST(FiguresTest, BytesAreIec) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(188'000), "184 KiB");
  EXPECT_EQ(format_bytes(4'299'161), "4.1 MiB");
  EXPECT_EQ(format_bytes(1'048'575), "1.0 MiB");
  EXPECT_EQ(format_bytes(std::uint64_t{312} << 20), "312 MiB");
}

TEST(FiguresTest, AShareOfNothingIsNothing) { EXPECT_EQ(ratio(5, 0), 0.0); }

}  // namespace
}  // namespace sonde
