// SPDX-License-Identifier: Apache-2.0
#include "agent/web/loss_words.h"

#include <gtest/gtest.h>

#include "core/base/file.h"
#include "core/model/books.h"

namespace sonde {
namespace {

TEST(LossWordsTest, EveryReasonIsOneOfTheDocument) {
  const auto text = read_file("docs/losses.md", 1'000'000);
  ASSERT_TRUE(text.ok());
  for (const LossWords& words : loss_words()) {
    EXPECT_NE(text->find("`" + std::string(words.reason) + "`"), std::string::npos) << words.reason;
    EXPECT_FALSE(words.meaning.empty()) << words.reason;
  }
}

TEST(LossWordsTest, EverySampleThatTheDocumentLosesHasWords) {
  const auto text = read_file("docs/losses.md", 1'000'000);
  ASSERT_TRUE(text.ok());
  const std::size_t begin = text->find("## Samples");
  const std::size_t end = text->find("## Tables");
  ASSERT_LT(begin, end);
  std::size_t rows = 0;
  for (std::size_t at = text->find("\n| `", begin); at < end; at = text->find("\n| `", at + 1)) {
    const std::size_t name = at + 4;
    const std::string reason = text->substr(name, text->find('`', name) - name);
    ++rows;
    bool found = false;
    for (const LossWords& words : loss_words()) found |= words.reason == reason;
    EXPECT_TRUE(found) << reason;
    EXPECT_EQ(side_of_loss(reason), LossSide::kUser) << reason;
  }
  EXPECT_GE(rows, 2U);
}

}  // namespace
}  // namespace sonde
