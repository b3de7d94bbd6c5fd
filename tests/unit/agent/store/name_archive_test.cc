// SPDX-License-Identifier: Apache-2.0
#include "agent/store/name_archive.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"

namespace sonde {
namespace {

TEST(NameArchiveTest, TablesAreThereAfterARestartAndDamagedOnesAreNot) {
  const TemporaryDirectory base;
  const std::string directory = base.path() / "names";
  const std::string content(64, 'a');
  ImageNames names;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    names.add(i * 16, {"function_" + std::to_string(i / 3), "", i / 3 * 48});
  }
  ASSERT_TRUE(NameArchive::open(directory, 1 << 20)->store(content, names).ok());
  auto archive = NameArchive::open(directory, 1 << 20);
  ASSERT_TRUE(archive.ok());
  auto back = archive->load(content);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->encode(), names.encode());
  EXPECT_FALSE(archive->load(std::string(64, 'b')));
  const std::string path = directory + "/" + content + ".names";
  EXPECT_LT(std::filesystem::file_size(path), names.encode().size() / 2) << "packed";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  EXPECT_FALSE(archive->load(content));
  EXPECT_EQ(archive->counters().corrupt, 1U);
}

}  // namespace
}  // namespace sonde
