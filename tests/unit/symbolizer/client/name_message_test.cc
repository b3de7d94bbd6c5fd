// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/name_message.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

TEST(NameMessageTest, PrintableTextStaysAsItIs) {
  for (const std::string text : {"", "main", "operator~ (std::pair<int, char const*> const&)",
                                 "gr\xc3\xb6\xc3\x9f"
                                 "er",
                                 "\xe2\x82\xac and more than eight"}) {
    EXPECT_EQ(clean_text(text), text);
  }
}

// Wherever it stands: eight bytes are looked at together.
TEST(NameMessageTest, WhatIsNotPrintableIsReplaced) {
  for (const char odd : {'\0', '\x1f', '\n', '\x1b', '\x7f', '\x80', '\xff'}) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, '~');
      text[at] = odd;
      std::string clean(20, '~');
      clean[at] = '?';
      EXPECT_EQ(clean_text(text), clean) << at;
    }
  }
}

}  // namespace
}  // namespace sonde
