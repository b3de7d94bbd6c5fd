// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/folded.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

TEST(FoldedTest, GoldenSmallProfile) {
  EXPECT_EQ(encode_folded(small_profile()),
            "kworker/0:1;worker_thread_[k] 4\n"
            "other;[stack cut: no unwind row in worker];LazyCompile:*handle_[j];worker+0x4f20 6\n"
            "other;_start;__libc_start_main;main;copy;__memmove_avx_unaligned_erms;"
            "do_user_addr_fault_[k] 10\n"
            "worker;_start;__libc_start_main;main;app::spin(int) 60\n"
            "worker;_start;__libc_start_main;main;copy;__memmove_avx_unaligned_erms 20\n");
}

TEST(FoldedTest, EqualLinesAreSummed) {
  SymbolizedProfile profile = small_profile();
  profile.stacks.push_back(profile.stacks[0]);
  EXPECT_NE(encode_folded(profile).find("app::spin(int) 120\n"), std::string::npos);
}

TEST(FoldedTest, HostileNamesKeepOneLineAndOneCountPerStack) {
  const SymbolizedProfile profile = hostile_profile();
  const std::string text = encode_folded(profile);
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
            profile.stacks.size());
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = text.find('\n', begin);
    const std::string line = text.substr(begin, end - begin);
    EXPECT_EQ(std::count(line.begin(), line.end(), ';'), 1) << line;
    EXPECT_TRUE(line.ends_with(" 10")) << line;
    begin = end + 1;
  }
}

TEST(FoldedTest, NoStacksGiveNoText) { EXPECT_EQ(encode_folded(SymbolizedProfile{}), ""); }

}  // namespace
}  // namespace sonde
