// SPDX-License-Identifier: Apache-2.0
#include "core/model/process_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

using ::testing::HasSubstr;

bool matches(const std::string& text, const Labels& labels) {
  const auto selector = parse_process_selector(text);
  EXPECT_TRUE(selector.ok()) << selector.error().message;
  return selector && matches_all(selector->matchers, labels);
}

TEST(ProcessSelectorTest, IsOneConditionOrSeveral) {
  const Labels labels{{"process", "backup"}, {"pid", "41"}, {"cgroup", "/a/b"}};
  EXPECT_TRUE(matches("process=backup", labels));
  EXPECT_TRUE(matches("  cgroup=~/a/.* ", labels));
  EXPECT_FALSE(matches("pid=4", labels));
  EXPECT_TRUE(matches(R"({process="backup",cgroup=~"/a.*"})", labels));
  EXPECT_FALSE(matches(R"({process="backup",image="/bin/x"})", labels));
}

TEST(ProcessSelectorTest, WithoutAConditionOrWithAnotherLabelItIsRefused) {
  for (const char* wrong : {"", "  ", "{}", "backup", "thread=x", "pod=a", "process=~[",
                            R"({process="a"} x)", R"({process="a",thread="b"})"}) {
    EXPECT_FALSE(parse_process_selector(wrong).ok()) << wrong;
  }
  EXPECT_THAT(parse_process_selector("thread=x").error().message, HasSubstr("none of process"));
  EXPECT_THAT(parse_process_selector("{}").error().message, HasSubstr("every process"));
}

TEST(ProcessSelectorTest, SeveralStandBehindOneAnother) {
  const auto several = parse_process_selectors("process=a; cgroup=/b ;{pid=\"1\",process=\"c\"}");
  ASSERT_TRUE(several.ok()) << several.error().message;
  ASSERT_EQ(several->size(), 3U);
  EXPECT_EQ((*several)[1].text, "cgroup=/b");
  EXPECT_EQ((*several)[2].matchers.size(), 2U);
  for (const char* wrong : {"process=a;", ";process=a", "process=a;;process=b"}) {
    EXPECT_FALSE(parse_process_selectors(wrong).ok()) << wrong;
  }
  std::string many = "pid=1";
  for (std::size_t i = 1; i < kMaxProcessSelectors; ++i) many += ";pid=1";
  EXPECT_TRUE(parse_process_selectors(many).ok());
  EXPECT_THAT(parse_process_selectors(many + ";pid=1").error().message, HasSubstr("more than 32"));
}

}  // namespace
}  // namespace sonde
