// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/code_map.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "core/base/fd.h"
#include "symbolizer/client/name_message.h"

namespace sonde {
namespace {

UniqueFd file_of(std::string_view bytes) {
  UniqueFd fd(::memfd_create("code_map", MFD_CLOEXEC));
  EXPECT_EQ(::write(fd.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return fd;
}

// The name of each address; empty if none.
std::vector<std::string> names(std::string_view bytes,
                               const std::vector<std::uint64_t>& addresses) {
  const UniqueFd fd = file_of(bytes);
  const auto message = names_of_code(fd.get(), addresses);
  EXPECT_TRUE(message.ok());
  if (!message) return {};
  const auto table = decode_names(std::as_bytes(std::span(*message)), addresses);
  EXPECT_TRUE(table.ok());
  if (!table) return {};
  std::vector<std::string> out;
  for (const NameTable::Entry& entry : table->entries) {
    const bool named = entry.function != NameTable::kNoFunction;
    out.push_back(named ? table->functions[entry.function].name : "");
    EXPECT_EQ(entry.reason, named ? Reason::kNone : Reason::kNoSymbol);
  }
  return out;
}

using Names = std::vector<std::string>;

TEST(PerfMapTest, AnAddressHasTheNameOfTheCodeAroundIt) {
  EXPECT_EQ(names("1000 20 LazyCompile:*f a b.js:1\n0x2000 0x10 g\n",
                  {0xfff, 0x1000, 0x101f, 0x1020, 0x2008}),
            (Names{"", "LazyCompile:*f a b.js:1", "LazyCompile:*f a b.js:1", "", "g"}));
}

TEST(PerfMapTest, TheLastOfSeveralCounts) {
  EXPECT_EQ(names("1000 100 old\n1040 10 new\n", {0x1000, 0x1040, 0x1050}),
            (Names{"old", "new", "old"}));
}

TEST(PerfMapTest, LinesThatAreNoneOrNotFinishedAreSkipped) {
  EXPECT_EQ(names("\n1000\nxyz 10 a\n1000 zz b\n1000 10 \n2000 10 good\n3000 10 half",
                  {0x1000, 0x2000, 0x3000}),
            (Names{"", "good", ""}));
}

TEST(PerfMapTest, CodeAtTheEndOfTheAddressSpaceDoesNotWrap) {
  EXPECT_EQ(names("ffffffffffffff00 ffffffffffffffff top\n", {0x10, 0xffffffffffffff80}),
            (Names{"", "top"}));
}

TEST(PerfMapTest, LinesLieAcrossBlocks) {
  std::string text;
  while (text.size() < (std::size_t{2} << 20)) text += "10 1 filler of some length\n";
  text += "1000 10 last\n";
  EXPECT_EQ(names(text, {0x1000}), (Names{"last"}));
}

template <typename T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string dump_header(std::uint32_t magic = 0x4a695444) {
  std::string out;
  for (const std::uint32_t word : {magic, 1U, 40U, 62U, 0U, 1U}) append(out, word);
  append(out, std::uint64_t{0});
  append(out, std::uint64_t{0});
  return out;
}

void add_record(std::string& out, std::uint32_t kind, const std::vector<std::uint64_t>& words,
                const std::string& tail) {
  append(out, kind);
  append(out, static_cast<std::uint32_t>(16 + words.size() * 8 + tail.size()));
  append(out, std::uint64_t{0});
  for (const std::uint64_t word : words) append(out, word);
  out += tail;
}

TEST(JitdumpTest, CodeIsKnownWhereItWasLoadedAndWhereItMoved) {
  std::string dump = dump_header();
  add_record(dump, 0, {0, 0x1000, 0x1000, 0x20, 7}, std::string("made\0code", 9));
  add_record(dump, 2, {1, 2}, "");  // of no interest
  add_record(dump, 1, {0, 0x5000, 0x1000, 0x5000, 0x20, 7}, "");
  EXPECT_EQ(names(dump, {0x1010, 0x5010, 0x6000}), (Names{"made", "made", ""}));
}

TEST(JitdumpTest, ACutRecordEndsTheReading) {
  std::string dump = dump_header();
  add_record(dump, 0, {0, 0x1000, 0x1000, 0x20, 7}, std::string("made\0", 5));
  const std::string whole = dump;
  append(dump, std::uint32_t{0});
  append(dump, std::uint32_t{3});  // shorter than its own header
  append(dump, std::uint64_t{0});
  EXPECT_EQ(names(dump, {0x1000}), (Names{"made"}));
  for (std::size_t size = 40; size < whole.size(); ++size) {
    EXPECT_LE(names(std::string_view(whole).substr(0, size), {0x1000}).front().size(), 4U);
  }
}

TEST(JitdumpTest, OneOfAnotherByteOrderIsRefused) {
  const UniqueFd fd = file_of(dump_header(0x4454694a));
  const auto result = names_of_code(fd.get(), {});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(reason_of(result.error()), Reason::kOtherMachine);
}

}  // namespace
}  // namespace sonde
