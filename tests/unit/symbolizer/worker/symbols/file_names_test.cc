// SPDX-License-Identifier: Apache-2.0
// Names of programs that are linked for the purpose, asked for again and again.
#include "symbolizer/worker/symbols/file_names.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fd.h"
#include "symbolizer/client/name_message.h"

namespace sonde {
namespace {

constexpr std::uint64_t kText = 0x1000;
constexpr std::uint64_t kFunctionBytes = 16;

// Where the n-th function of link_file() is.
std::uint64_t inside(std::size_t n) { return kText + n * kFunctionBytes + 3; }

std::string function(const std::string& name) {
  return ".globl " + name + "\n.type " + name + ", @function\n" + name + ":\n.cfi_startproc\n" +
         ".skip 16, 0x90\n.cfi_endproc\n.size " + name + ", 16\n";
}

class FileNamesTest : public testing::Test {
 protected:
  void TearDown() override { ::unlink(path_.c_str()); }

  // Links functions of 16 bytes each; the file keeps its inode from one call to the next.
  UniqueFd link_file(const std::string& functions, const std::string& after = "true") {
    std::ofstream(path_ + ".s") << ".text\n.globl _start\n.set _start, 0\n" << functions;
    const std::string command = "as -o " + path_ + ".o " + path_ + ".s && ld -o " + path_ +
                                ".new " + path_ + ".o && " + after + " " + path_ + ".new && cat " +
                                path_ + ".new > " + path_;
    EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
    for (const char* suffix : {".s", ".o", ".new"}) ::unlink((path_ + suffix).c_str());
    return UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  }

  // The names at these offsets, an empty one where there is none; `reply_` is the whole answer.
  std::vector<std::string> ask(const UniqueFd& fd, const std::vector<std::uint64_t>& offsets,
                               std::optional<FrameSource>* source = nullptr) {
    auto reply = names_of({.fd = fd.get(), .offsets = offsets, .source = source}, cache_);
    EXPECT_TRUE(reply.ok());
    if (!reply) return {};
    reply_ = std::move(*reply);
    const std::string message = whole();
    const auto table = decode_names(std::as_bytes(std::span(message)), offsets);
    EXPECT_TRUE(table.ok());
    if (!table) return {};
    table_ = *table;
    std::vector<std::string> names;
    for (const NameTable::Entry& entry : table_.entries) {
      const bool named = entry.function != NameTable::kNoFunction;
      names.push_back(named ? table_.functions[entry.function].name : "");
    }
    return names;
  }

  [[nodiscard]] std::string whole() const { return reply_.message.head + *reply_.message.strings; }

  std::string path_ = testing::TempDir() + "file_names_" + std::to_string(::getpid());
  NameCache cache_;
  NamesReply reply_;
  NameTable table_;
};

using Names = std::vector<std::string>;

TEST_F(FileNamesTest, WhatIsAskedAgainIsAnsweredFromTheSameSymbols) {
  const UniqueFd fd = link_file(function("_Z5firstv") + function("second"));
  EXPECT_EQ(ask(fd, {inside(0)}), Names{"first()"});
  EXPECT_FALSE(reply_.reused);
  const std::string message = whole();
  EXPECT_EQ(ask(fd, {inside(0)}), Names{"first()"});
  EXPECT_TRUE(reply_.reused);
  EXPECT_EQ(whole(), message);
}

TEST_F(FileNamesTest, AFunctionThatNobodyAskedForBeforeIsNamedFromTheSameSymbols) {
  const UniqueFd fd = link_file(function("first") + function("second") + function("third"));
  ask(fd, {inside(1)});
  EXPECT_EQ(ask(fd, {inside(0), inside(1), inside(1) + 1, inside(2)}),
            (Names{"first", "second", "second", "third"}));
  EXPECT_TRUE(reply_.reused);
  EXPECT_EQ(table_.functions.size(), 3U);
}

TEST_F(FileNamesTest, FewOfManyKnownNamesAreSentWithoutTheOthers) {
  const UniqueFd fd = link_file(function("first") + function("second") + function("third"));
  ask(fd, {inside(0), inside(1), inside(2)});
  EXPECT_EQ(ask(fd, {inside(2)}), Names{"third"});
  EXPECT_EQ(whole().find("first"), std::string::npos);
}

TEST_F(FileNamesTest, AFileThatChangedIsReadAnew) {
  const UniqueFd before = link_file(function("before"));
  EXPECT_EQ(ask(before, {inside(0)}), Names{"before"});
  const UniqueFd after = link_file(function("a_longer_name_than_that") + function("more"));
  EXPECT_EQ(ask(before, {inside(0)}), Names{"a_longer_name_than_that"});
  EXPECT_FALSE(reply_.reused);
}

TEST_F(FileNamesTest, SymbolsThatDoNotFitAreCountedAndReadAnew) {
  const UniqueFd fd = link_file(function("first"));
  cache_ = NameCache(1);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(ask(fd, {inside(0)}), Names{"first"});
    EXPECT_FALSE(reply_.reused);
    EXPECT_EQ(reply_.evicted, 1U);
    EXPECT_EQ(cache_.size(), 0U);
  }
}

// Where the best one ends, the next best of those that go on.
TEST_F(FileNamesTest, OfAliasesTheOnePeopleKnowIsGiven) {
  const auto alias = [](const std::string& name, int bytes) {
    return ".globl " + name + "\n.type " + name + ", @function\n.set " + name + ", first\n.size " +
           name + ", " + std::to_string(bytes) + "\n";
  };
  const UniqueFd fd = link_file(alias("__libc_first", 16) + alias("_first", 16) + alias("fir", 8) +
                                alias("___first", 16) + function("first"));
  EXPECT_EQ(ask(fd, {inside(0), inside(0) + 8}), (Names{"fir", "first"}));
}

TEST_F(FileNamesTest, WhatUnwindTablesSayOfBeginsIsTakenFromWhoReadThem) {
  const UniqueFd fd = link_file(function("first") + function("second"), "strip");
  auto file = ElfFile::open(fd.get());
  ASSERT_TRUE(file.ok());
  auto loaded = FrameSource::load(std::move(*file));
  ASSERT_TRUE(loaded.ok());
  std::optional<FrameSource> source(std::move(*loaded));
  EXPECT_EQ(ask(fd, {inside(1)}, &source), Names{""});
  EXPECT_FALSE(source.has_value());
  EXPECT_EQ(table_.entries[0].reason, Reason::kNoSymbols);
  EXPECT_EQ(table_.entries[0].begin, kText + kFunctionBytes);
  ask(fd, {inside(1)});
  EXPECT_TRUE(reply_.reused);
  EXPECT_EQ(table_.entries[0].begin, kText + kFunctionBytes);
}

}  // namespace
}  // namespace sonde
