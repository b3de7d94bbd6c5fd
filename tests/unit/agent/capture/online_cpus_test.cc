// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/online_cpus.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

using Cpus = std::vector<std::uint32_t>;

TEST(OnlineCpusTest, ListsAndRangesAreExpanded) {
  EXPECT_EQ(parse_cpu_list("0-3,8,10-11\n").value(), (Cpus{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(parse_cpu_list("0\n").value(), Cpus{0});
}

TEST(OnlineCpusTest, NonsenseIsAnErrorAndNeverALongLoop) {
  for (const char* text : {"x", "3-1", "0-", "1,,2", "0-4294967295", "99999999999", "1;2"}) {
    EXPECT_FALSE(parse_cpu_list(text).ok()) << text;
  }
}

TEST(OnlineCpusTest, ThisHostHasAtLeastOne) { EXPECT_FALSE(online_cpus().value().empty()); }

}  // namespace
}  // namespace sonde
