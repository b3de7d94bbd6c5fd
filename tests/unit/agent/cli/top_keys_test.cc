// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_keys.h"

#include <gtest/gtest.h>

#include <string>

namespace sonde {
namespace {

const std::vector<std::string> kRows = {"a", "b", "c", "d", "e"};

// The state after these bytes from the terminal.
TopState after(std::string_view bytes, TopState state = {}) {
  for (const Key& key : keys_in(bytes)) apply(key, kRows, 2, state);
  return state;
}

TEST(TopKeysTest, BytesBecomeKeys) {
  const auto keys = keys_in("a\x1b[A\x1bOB\r\x7f\x1b[5~\xc3\xa9");
  ASSERT_EQ(keys.size(), 7U);
  EXPECT_EQ(keys[0].text, "a");
  EXPECT_EQ(keys[1].kind, Key::kUp);
  EXPECT_EQ(keys[2].kind, Key::kDown);
  EXPECT_EQ(keys[3].kind, Key::kEnter);
  EXPECT_EQ(keys[4].kind, Key::kBackspace);
  EXPECT_EQ(keys[5].kind, Key::kPageUp);
  EXPECT_EQ(keys[6].text, "é");
}

TEST(TopKeysTest, AnEscapeAloneIsTheKey) {
  ASSERT_EQ(keys_in("\x1b").size(), 1U);
  EXPECT_EQ(keys_in("\x1b")[0].kind, Key::kEscape);
}

TEST(TopKeysTest, UnknownSequencesAndBrokenBytesAreNoKeys) {
  for (const char* bytes :
       {"\x1b[15~", "\x1b[1;5C", "\x1b[", "\x1bO", "\x80", "\xff\xfe", "\x01"}) {
    EXPECT_TRUE(keys_in(bytes).empty()) << bytes;
  }
  EXPECT_EQ(keys_in("\x1b[200~q").size(), 1U);
}

TEST(TopKeysTest, LettersChooseTheTable) {
  EXPECT_EQ(after("c").by, TopBy::kCgroup);
  EXPECT_EQ(after("f").by, TopBy::kFunction);
  EXPECT_EQ(after("fp").by, TopBy::kProcess);
  EXPECT_EQ(after("s").sort, TopSort::kSecond);
  EXPECT_EQ(after("ss").sort, TopSort::kName);
  EXPECT_EQ(after("sss").sort, TopSort::kCpu);
  EXPECT_FALSE(after("k").kernel);
  EXPECT_TRUE(after("kk").kernel);
  EXPECT_TRUE(after(" ").held);
  EXPECT_FALSE(after("  ").held);
  EXPECT_TRUE(after("q").quits);
}

TEST(TopKeysTest, ARowIsSelectedByMoving) {
  EXPECT_EQ(after("").selected, "");
  EXPECT_EQ(after("\x1b[B").selected, "a");
  EXPECT_EQ(after("\x1b[B\x1b[B").selected, "b");
  EXPECT_EQ(after("\x1b[B\x1b[B\x1b[A").selected, "a");
  EXPECT_EQ(after("\x1b[A\x1b[A").selected, "a");
  EXPECT_EQ(after("\x1b[F").selected, "e");
  EXPECT_EQ(after("\x1b[F\x1b[B").selected, "e");
  EXPECT_EQ(after("\x1b[F\x1b[5~").selected, "c");
  EXPECT_EQ(after("\x1b[F\x1b[H").selected, "a");
  EXPECT_EQ(after("\x1b[B\x1b").selected, "");
  EXPECT_EQ(after("\x1b[Bf").selected, "") << "of another table";
}

TEST(TopKeysTest, EnterShowsTheStacksAndLeavesThem) {
  EXPECT_TRUE(after("\r").stacks);
  EXPECT_EQ(after("\r").selected, "a") << "the first row, if none is selected";
  EXPECT_FALSE(after("\r\r").stacks);
  EXPECT_FALSE(after("\r\x1b").stacks);
  EXPECT_EQ(after("\r\x1b").selected, "a");
  EXPECT_FALSE(after("\rf").stacks);
  EXPECT_EQ(after("\r\x1b[B").selected, "a") << "the table is not there to move in";
}

TEST(TopKeysTest, EnterOnARowThatIsGoneStaysWithIt) {
  EXPECT_EQ(after("\r", {.selected = "gone"}).selected, "gone");
}

TEST(TopKeysTest, ATableWithoutRowsHasNothingToSelect) {
  TopState state;
  for (const Key& key : keys_in("\x1b[B\r\x1b[6~")) apply(key, {}, 2, state);
  EXPECT_FALSE(state.stacks);
  EXPECT_EQ(state.selected, "");
}

TEST(TopKeysTest, WhatIsTypedIsNotPressed) {
  const TopState typed = after("/qé");
  EXPECT_TRUE(typed.types);
  EXPECT_FALSE(typed.quits);
  EXPECT_EQ(typed.find, "qé");
  EXPECT_EQ(after("/qé\x7f").find, "q");
  EXPECT_EQ(after("/q\x7f\x7f").find, "");
  EXPECT_EQ(after("/red\r").find, "red");
  EXPECT_FALSE(after("/red\r").types);
  EXPECT_TRUE(after("/red\rq").quits);
  EXPECT_EQ(after("/red\x1b").find, "");
  EXPECT_EQ(after("/red\r\x1b").find, "") << "Esc ends it later too";
}

TEST(TopKeysTest, WhatIsTypedIsBounded) {
  EXPECT_LE(after("/" + std::string(10'000, 'x')).find.size(), 64U);
}

}  // namespace
}  // namespace sonde
