// SPDX-License-Identifier: Apache-2.0
#include "agent/store/image_names.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

const StoredFunction kParse{"parse(char const*)", "_Z5parsePKc", 0x1000};
const StoredFunction kEval{"eval", "", 0x2000};

ImageNames sample() {
  ImageNames names;
  names.add(0x1010, kParse);
  names.add(0x1020, kParse);
  names.add(0x2004, kEval);
  return names;
}

TEST(ImageNamesTest, OffsetsHaveTheNameTheyWereGiven) {
  const ImageNames names = sample();
  ASSERT_NE(names.find(0x1020), nullptr);
  EXPECT_EQ(*names.find(0x1020), kParse);
  EXPECT_EQ(names.find(0x1021), nullptr);
  EXPECT_EQ(names.size(), 3U);
}

TEST(ImageNamesTest, WhatIsFoundLaterReplacesAName) {
  ImageNames names = sample();
  EXPECT_FALSE(names.add(0x2004, kEval)) << "nothing new";
  EXPECT_TRUE(names.add(0x2004, {"eval(node*)", "_Z4evalP4node", 0x2000}));
  EXPECT_EQ(names.find(0x2004)->name, "eval(node*)");
}

TEST(ImageNamesTest, ComeBackFromBytesWithoutNamesNobodyUses) {
  ImageNames names = sample();
  names.add(0x2004, kParse);
  const std::string bytes = names.encode();
  EXPECT_EQ(bytes.find("eval"), std::string::npos);
  const auto back = ImageNames::decode(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->size(), 3U);
  for (const std::uint64_t offset : {0x1010U, 0x1020U, 0x2004U}) {
    ASSERT_NE(back->find(offset), nullptr);
    EXPECT_EQ(*back->find(offset), kParse);
  }
  EXPECT_EQ(back->encode(), bytes);
  EXPECT_EQ(ImageNames::decode(ImageNames().encode())->size(), 0U);
}

TEST(ImageNamesTest, BytesThatAreCutOrOfAnotherVersionAreNoTable) {
  const std::string bytes = sample().encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ImageNames::decode(bytes.substr(0, size)).error().code, ErrorCode::kDataLoss);
  }
  EXPECT_EQ(ImageNames::decode(bytes + "x").error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(ImageNames::decode("\x02" + bytes.substr(1)).error().code, ErrorCode::kUnimplemented);
}

}  // namespace
}  // namespace sonde
