// SPDX-License-Identifier: Apache-2.0
#include "agent/store/sqlite.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

TEST(SqliteTest, NumbersAndBytesComeBackAsTheyWent) {
  auto database = Database::open(":memory:");
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(database->run("CREATE TABLE t(number INTEGER, bytes BLOB)").ok());
  auto insert = database->prepare("INSERT INTO t VALUES(?1, ?2)");
  ASSERT_TRUE(insert.ok());
  const std::string bytes("a\0b\xff", 4);
  insert->bind(0, ~std::uint64_t{0});
  insert->bind(1, bytes);
  ASSERT_TRUE(insert->run().ok());
  auto select = database->prepare("SELECT number, bytes FROM t WHERE bytes = ?1");
  ASSERT_TRUE(select.ok());
  for (int round = 0; round < 2; ++round) {
    select->reset();
    select->bind(0, bytes);
    ASSERT_TRUE(*select->step());
    EXPECT_EQ(select->number(0), ~std::uint64_t{0});
    EXPECT_EQ(select->text(1), bytes);
    EXPECT_FALSE(*select->step());
  }
  EXPECT_EQ(*database->number("SELECT count(*) FROM t"), 1U);
}

TEST(SqliteTest, AFileThatIsNoDatabaseIsDamaged) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "index.db";
  std::ofstream(path) << std::string(10'000, 'x');
  auto database = Database::open(path);
  ASSERT_TRUE(database.ok()) << "nothing was read yet";
  EXPECT_EQ(database->run("SELECT * FROM sqlite_schema").error().code, ErrorCode::kDataLoss);
}

TEST(SqliteTest, APathMayLeadThroughALink) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "there");
  std::filesystem::create_symlink("there", directory.path() / "link");
  auto database = Database::open(directory.path() / "link/index.db");
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_TRUE(database->run("CREATE TABLE t(number INTEGER)").ok());
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "there/index.db"));
}

TEST(SqliteTest, APathThatCannotBeOpenedIsUnavailable) {
  EXPECT_EQ(Database::open("/proc/nowhere/index.db").error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace sonde
