// SPDX-License-Identifier: Apache-2.0
#include "agent/store/hash_index.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>
#include <vector>

namespace sonde {
namespace {

TEST(HashIndexTest, WhatWasAddedIsFoundAndNothingElse) {
  std::mt19937_64 random(1);
  HashIndex index;
  std::vector<std::uint64_t> things;
  std::unordered_map<std::uint64_t, std::uint32_t> expected;
  while (things.size() < 10'000) {
    const std::uint64_t thing = random();
    const auto is = [&](std::uint32_t i) { return things[i] == thing; };
    ASSERT_EQ(index.find(thing, is), HashIndex::kNone);
    expected[thing] = static_cast<std::uint32_t>(things.size());
    index.add(thing, static_cast<std::uint32_t>(things.size()));
    things.push_back(thing);
  }
  for (const auto& one : expected) {
    const auto is = [&](std::uint32_t i) { return things[i] == one.first; };
    EXPECT_EQ(index.find(one.first, is), one.second);
  }
}

TEST(HashIndexTest, ThingsOfOneHashAreToldApart) {
  for (const std::uint64_t hash : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    HashIndex index;
    for (std::uint32_t i = 0; i < 1'000; ++i) index.add(hash, i);
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      EXPECT_EQ(index.find(hash, [&](std::uint32_t number) { return number == i; }), i);
    }
    EXPECT_EQ(index.find(hash, [](std::uint32_t) { return false; }), HashIndex::kNone);
  }
}

}  // namespace
}  // namespace sonde
