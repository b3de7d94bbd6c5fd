// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/made_names.h"

#include <gtest/gtest.h>

#include "tests/support/real_worker.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

class MadeNamesTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = start_real_worker();
    ASSERT_NE(client_, nullptr);
    keeper_ = std::make_unique<NameKeeper>(std::nullopt, *client_);
  }
  std::string keep(const std::vector<NamedOffset>& names) { return made_.keep(names, *keeper_, 1); }
  std::string name_at(const std::string& content, std::uint64_t address) {
    const ImageNames names = keeper_->names(content);
    const StoredFunction* found = names.find(address);
    return found == nullptr ? "unknown" : found->name;
  }

  std::unique_ptr<SymbolizerClient> client_;
  std::unique_ptr<NameKeeper> keeper_;
  MadeNames made_{"process 1"};
};

TEST_F(MadeNamesTest, ANewFunctionAtAnAddressBeginsANewContent) {
  const std::string first = keep({{0x1000, {"old", "", 0x1000}}});
  EXPECT_EQ(keep({{0x2000, {"other", "", 0x2000}}}), first);
  const std::string second = keep({{0x1000, {"new", "", 0x1000}}});
  EXPECT_NE(second, first);
  EXPECT_EQ(name_at(first, 0x1000), "old") << "the name of its time";
  EXPECT_EQ(name_at(second, 0x1000), "new");
}

TEST_F(MadeNamesTest, AnAddressThatHadNoNameGetsOneInPlace) {
  const std::string first = keep({{0x1000, {"", "no_code_map", 0x1000}}});
  EXPECT_TRUE(made_.knows(0x1000));
  EXPECT_EQ(keep({{0x1000, {"found", "", 0x1000}}}), first);
  EXPECT_EQ(made_.at(0x1000).name, "found");
  EXPECT_EQ(keep({{0x1000, {"", "no_code_map", 0x1000}}}), first);
  EXPECT_EQ(name_at(first, 0x1000), "found");
}

TEST_F(MadeNamesTest, MemoryIsBounded) {
  std::vector<NamedOffset> half;
  for (std::uint64_t i = 0; i < MadeNames::kMaxNames / 2 + 1; ++i)
    half.push_back({i, {"f", "", i}});
  const std::string first = keep(half);
  for (auto& [address, function] : half) address += MadeNames::kMaxNames;
  EXPECT_NE(keep(half), first);
  EXPECT_FALSE(made_.knows(0));
}

TEST_F(MadeNamesTest, WhatIsKeptIsNotHandedOnAgain) {
  const TemporaryDirectory base;
  auto archive = NameArchive::open(base.path() / "names", 1 << 20);
  ASSERT_TRUE(archive.ok());
  keeper_ = std::make_unique<NameKeeper>(std::move(*archive), *client_);
  (void)keep({{0x1000, {"named", "", 0x1000}}, {0x2000, {"", "no_code_map", 0x2000}}});
  keeper_->flush(2, true);
  (void)keep({{0x1000, {"named", "", 0x1000}}, {0x2000, {"", "no_code_map", 0x2000}}});
  EXPECT_EQ(keeper_->counts().kept_names, 0U);
  (void)keep({{0x2000, {"found", "", 0x2000}}});
  EXPECT_EQ(keeper_->counts().kept_names, 1U);
}

TEST_F(MadeNamesTest, OthersHaveOtherContents) {
  MadeNames other("process 2");
  const std::vector<NamedOffset> names = {{1, {"f", "", 1}}};
  EXPECT_NE(other.keep(names, *keeper_, 1), keep(names));
}

}  // namespace
}  // namespace sonde
