// SPDX-License-Identifier: Apache-2.0
// Over the real worker and a real archive; the files are this program and copies of it.
#include "agent/store/name_keeper.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>

#include "core/base/fd.h"
#include "tests/support/real_worker.h"
#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

const std::string kContent(64, 'a');
constexpr std::uint64_t kNow = 1'000'000'000'000;

class NameKeeperTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = start_real_worker();
    ASSERT_NE(client_, nullptr);
    start();
  }
  // As after a restart of the agent.
  void start() {
    auto archive = NameArchive::open(base_.path() / "names", 1 << 20);
    ASSERT_TRUE(archive.ok());
    keeper_ = std::make_unique<NameKeeper>(std::move(*archive), *client_);
  }
  void add(std::uint64_t offset, const StoredFunction& function, std::uint64_t now = kNow) {
    const NamedOffset named{offset, function};
    keeper_->add(kContent, std::span(&named, 1), now);
  }
  std::string name_at(std::uint64_t offset) {
    const ImageNames names = keeper_->names(kContent);
    const StoredFunction* found = names.find(offset);
    return found == nullptr ? "unknown" : found->name;
  }
  std::uint64_t requests() { return client_->counters().requests; }

  TemporaryDirectory base_;
  std::unique_ptr<SymbolizerClient> client_;
  std::unique_ptr<NameKeeper> keeper_;
};

TEST_F(NameKeeperTest, AFileIsAskedOnceForWhatIsNotKnown) {
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const std::vector<std::uint64_t> some = {0x10, 0x2000};
  const std::vector<std::uint64_t> more = {0x10, 0x2000, 0x3000};
  keeper_->name_file(kContent, {.fd = file.get(), .offsets = some, .root = {}, .path = {}}, kNow);
  const std::uint64_t asked = requests();
  keeper_->name_file(kContent, {.fd = file.get(), .offsets = some, .root = {}, .path = {}}, kNow);
  EXPECT_EQ(requests(), asked) << "all of them are known";
  keeper_->name_file(kContent, {.fd = file.get(), .offsets = more, .root = {}, .path = {}}, kNow);
  EXPECT_GT(requests(), asked);
  const ImageNames names = keeper_->names(kContent);
  EXPECT_EQ(names.offsets(), more);
  ASSERT_NE(names.find(0x10), nullptr);
  EXPECT_EQ(names.find(0x10)->name, "") << "in the file's header is no function";
  EXPECT_NE(names.find(0x10)->system_name, "") << "the reason";
}

TEST_F(NameKeeperTest, NamesOutliveTheAgent) {
  add(0x100, {"kept", "", 0xf0});
  keeper_->flush(kNow, true);
  start();
  EXPECT_EQ(name_at(0x100), "kept");
  const std::vector<std::uint64_t> offsets = {0x100, 0x200};
  EXPECT_EQ(keeper_->unknown(kContent, offsets, kNow), std::vector<std::uint64_t>{0x200});
}

TEST_F(NameKeeperTest, TablesAreWrittenWhenTheyAreDue) {
  add(0x100, {"one", "", 0});
  keeper_->flush(kNow + NameKeeper::kWriteAfterNs - 1, false);
  EXPECT_EQ(keeper_->counts().tables_written, 0U);
  EXPECT_GT(keeper_->counts().kept_bytes, 0U);
  keeper_->flush(kNow + NameKeeper::kWriteAfterNs, false);
  EXPECT_EQ(keeper_->counts().tables_written, 1U);
  EXPECT_EQ(keeper_->counts().kept_bytes, 0U);
  EXPECT_EQ(name_at(0x100), "one");
}

TEST_F(NameKeeperTest, ATableThatHasItAllIsNotWrittenAgain) {
  add(0x100, {"one", "", 0});
  keeper_->flush(kNow, true);
  add(0x100, {"one", "", 0});
  keeper_->flush(kNow, true);
  EXPECT_EQ(keeper_->counts().tables_written, 1U);
  EXPECT_EQ(keeper_->counts().kept_names, 0U);
}

TEST_F(NameKeeperTest, ANameIsNotReplacedByNone) {
  add(0x100, {"named", "", 0});
  add(0x100, {"", "no_symbols", 0x80});
  EXPECT_EQ(name_at(0x100), "named");
  add(0x200, {"", "no_symbols", 0x80});
  add(0x200, {"found later", "", 0x180});
  EXPECT_EQ(name_at(0x200), "found later");
}

TEST_F(NameKeeperTest, MemoryIsBoundedAndWhatFoundNoRoomIsAskedForAgain) {
  keeper_ = std::make_unique<NameKeeper>(std::nullopt, *client_);  // nothing ever leaves it
  const std::string text(4096, 'x');
  const std::uint64_t count = NameKeeper::kMaxBytes / 4096 + 100;
  for (std::uint64_t i = 0; i < count; ++i) add(i, {text, "", i});
  keeper_->flush(kNow, true);
  EXPECT_LE(keeper_->counts().kept_bytes, NameKeeper::kMaxBytes);
  EXPECT_GT(keeper_->counts().dropped, 0U);
  const std::vector<std::uint64_t> last = {count - 1};
  EXPECT_EQ(keeper_->unknown(kContent, last, kNow), last);
}

TEST_F(NameKeeperTest, AnArchiveThatCannotBeOpenedIsTriedAgain) {
  const std::filesystem::path place = base_.path() / "late";
  std::ofstream(place) << "in its place";
  keeper_ = std::make_unique<NameKeeper>(NameArchive(place, 1 << 20), *client_);
  EXPECT_NE(keeper_->problem(), "") << "said from the start";
  add(0x100, {"kept", "", 0xf0});
  keeper_->flush(kNow, false);
  EXPECT_NE(keeper_->problem(), "");
  EXPECT_EQ(keeper_->counts().write_failures, 1U);
  EXPECT_GT(keeper_->counts().kept_bytes, 0U);
  std::filesystem::remove(place);
  keeper_->flush(kNow + 1, false);
  EXPECT_EQ(keeper_->counts().tables_written, 0U) << "not at every look";
  keeper_->flush(kNow + NameKeeper::kTryAgainAfterNs, false);
  EXPECT_EQ(keeper_->problem(), "");
  EXPECT_EQ(keeper_->counts().tables_written, 1U);
  EXPECT_EQ(keeper_->counts().kept_bytes, 0U);
  keeper_ = std::make_unique<NameKeeper>(NameArchive(place, 1 << 20), *client_);
  EXPECT_EQ(name_at(0x100), "kept");
}

TEST_F(NameKeeperTest, TablesInUseDoNotMakeRoomAndThoseThatDidAreAskedForAgain) {
  const std::string table = base_.path() / "names" / (kContent + ".names");
  const std::vector<std::uint64_t> offsets = {0x100};
  add(0x100, {"used", "", 0});
  keeper_->flush(kNow, true);
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  std::filesystem::last_write_time(table, old);
  std::uint64_t now = kNow + NameKeeper::kTouchAfterNs;
  EXPECT_TRUE(keeper_->unknown(kContent, offsets, now).empty());
  keeper_->flush(now - 1, false);
  EXPECT_EQ(std::filesystem::last_write_time(table), old) << "not at every look";
  keeper_->flush(now, false);
  EXPECT_GT(std::filesystem::last_write_time(table), old);
  std::filesystem::remove(table);
  now += NameKeeper::kTouchAfterNs;
  (void)keeper_->unknown(kContent, offsets, now);
  keeper_->flush(now, false);
  EXPECT_EQ(keeper_->unknown(kContent, offsets, now), offsets);
}

TEST_F(NameKeeperTest, WithoutADiskNamesThatNobodyUsesMakeRoom) {
  keeper_ = std::make_unique<NameKeeper>(std::nullopt, *client_);
  const std::string text(4096, 'x');
  const std::uint64_t count = NameKeeper::kMaxBytes / 4096 * 3 / 4;
  for (std::uint64_t i = 0; i < count; ++i) add(i, {text, "", i});
  keeper_->flush(kNow + NameKeeper::kForgetAfterNs - 1, false);
  EXPECT_EQ(keeper_->counts().kept_names, count);
  keeper_->flush(kNow + NameKeeper::kForgetAfterNs, false);
  keeper_->flush(kNow + NameKeeper::kForgetAfterNs, false);  // each table had its try
  EXPECT_EQ(keeper_->counts().kept_names, 0U);
  EXPECT_EQ(keeper_->counts().kept_bytes, 0U);
  EXPECT_EQ(keeper_->counts().dropped, count);
  EXPECT_EQ(keeper_->unknown(kContent, std::vector<std::uint64_t>{1}, kNow).size(), 1U);
}

TEST_F(NameKeeperTest, ATableLargerThanTheDiskMayHaveIsDroppedAndHoldsUpNoOther) {
  keeper_ = std::make_unique<NameKeeper>(NameArchive(base_.path() / "small", 400), *client_);
  std::string text;
  for (int i = 0; i < 200; ++i) text += std::to_string(i * i);  // hardly packs
  add(0x100, {text, "", 0});
  const NamedOffset other{0x100, {"other", "", 0}};
  keeper_->add(std::string(64, 'b'), std::span(&other, 1), kNow);
  keeper_->flush(kNow, true);
  EXPECT_EQ(keeper_->counts().dropped, 1U);
  EXPECT_EQ(keeper_->counts().tables_written, 1U);
  EXPECT_EQ(keeper_->counts().kept_names, 0U);
  EXPECT_EQ(keeper_->problem(), "");
}

TEST_F(NameKeeperTest, WhatTheWorkerDidNotGetToIsNotKeptAsWithoutAName) {
  SymbolizerClient::Options options;
  options.executable = "/bin/sleep";  // never answers
  options.arguments = {"60"};
  options.deadline = std::chrono::milliseconds(20);
  auto slow = SymbolizerClient::start(options);
  ASSERT_TRUE(slow.ok());
  keeper_ = std::make_unique<NameKeeper>(std::nullopt, **slow);
  const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const std::vector<std::uint64_t> some = {0x10, 0x2000};
  keeper_->name_file(kContent, {.fd = file.get(), .offsets = some, .root = {}, .path = {}}, kNow);
  EXPECT_EQ(keeper_->unknown(kContent, some, kNow), some);
  EXPECT_EQ(keeper_->counts().postponed, 2U);
  EXPECT_EQ(keeper_->counts().kept_names, 0U);
  keeper_.reset();
}

}  // namespace
}  // namespace sonde
