// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/sideband_parser.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <cstring>
#include <string>
#include <vector>

namespace sonde {
namespace {

class RecordBuilder {
 public:
  explicit RecordBuilder(std::uint32_t type, std::uint16_t misc = 0) {
    put(perf_event_header{type, misc, 0});
  }
  template <typename T>
  RecordBuilder& put(const T& value) {
    const auto* at = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), at, at + sizeof(value));
    return *this;
  }
  RecordBuilder& text(std::string text) {  // NUL-terminated, padded to 8 bytes
    text.resize((text.size() + 8) / 8 * 8, '\0');
    for (const char c : text) bytes_.push_back(static_cast<std::byte>(c));
    return *this;
  }
  std::vector<std::byte> build() {
    const auto size = static_cast<std::uint16_t>(bytes_.size());
    std::memcpy(bytes_.data() + offsetof(perf_event_header, size), &size, sizeof(size));
    return bytes_;
  }

 private:
  std::vector<std::byte> bytes_;
};

std::vector<std::byte> mmap2_record(const std::string& path) {
  RecordBuilder record(PERF_RECORD_MMAP2);
  record.put(std::uint32_t{7}).put(std::uint32_t{8});  // pid, tid
  record.put(std::uint64_t{0x1000}).put(std::uint64_t{0x2000}).put(std::uint64_t{0x3000});
  record.put(std::uint32_t{8}).put(std::uint32_t{1});  // device
  record.put(std::uint64_t{99}).put(std::uint64_t{5});
  record.put(std::uint32_t{5}).put(std::uint32_t{2});
  record.text(path).put(std::uint64_t{123456789});
  return record.build();
}

std::vector<std::byte> comm_record(std::uint16_t misc) {
  RecordBuilder record(PERF_RECORD_COMM, misc);
  record.put(std::uint32_t{7}).put(std::uint32_t{8}).text("name").put(std::uint64_t{123});
  return record.build();
}

TEST(SidebandParserTest, AFunctionOfTheKernelComesAndGoes) {
  for (const std::uint16_t flags : {std::uint16_t{0}, std::uint16_t{1}}) {
    RecordBuilder record(PERF_RECORD_KSYMBOL);
    record.put(std::uint64_t{0xffffffffc0001000}).put(std::uint32_t{300});
    record.put(std::uint16_t{1}).put(flags).text("bpf_prog_12_f").put(std::uint64_t{77});
    const auto bytes = record.build();
    const auto parsed = parse_sideband(bytes);
    ASSERT_TRUE(parsed.ok());
    const auto& event = std::get<KernelSymbolEvent>(*parsed);
    EXPECT_EQ(event.begin, 0xffffffffc0001000U);
    EXPECT_EQ(event.bytes, 300U);
    EXPECT_EQ(event.is_gone, flags == 1);
    EXPECT_EQ(event.name, "bpf_prog_12_f");
    EXPECT_EQ(event.time_ns, 77U);
    EXPECT_FALSE(parse_sideband(std::span(bytes).first(30)).ok());
  }
}

TEST(SidebandParserTest, AnExecIsARenameThatSaysSo) {
  const auto exec = parse_sideband(comm_record(PERF_RECORD_MISC_COMM_EXEC));
  ASSERT_TRUE(exec.ok());
  EXPECT_EQ(std::get<ExecEvent>(*exec).pid, 7U);
  EXPECT_EQ(std::get<ExecEvent>(*exec).time_ns, 123U);
  const auto rename = parse_sideband(comm_record(0));
  ASSERT_TRUE(rename.ok());
  EXPECT_TRUE(std::holds_alternative<SidebandOther>(*rename));
}

TEST(SidebandParserTest, AMappingIsReadWhole) {
  const auto record = parse_sideband(mmap2_record("/usr/lib/libx.so"));
  ASSERT_TRUE(record.ok());
  const auto& event = std::get<MappingEvent>(*record);
  EXPECT_EQ(event.pid, 7U);
  EXPECT_EQ(event.begin, 0x1000U);
  EXPECT_EQ(event.bytes, 0x2000U);
  EXPECT_EQ(event.file_offset, 0x3000U);
  EXPECT_EQ(event.device_major, 8U);
  EXPECT_EQ(event.inode, 99U);
  EXPECT_EQ(event.path, "/usr/lib/libx.so");
  EXPECT_EQ(event.time_ns, 123456789U);
}

TEST(SidebandParserTest, ATruncatedMappingIsAnError) {
  const auto bytes = mmap2_record("/x");
  for (std::size_t size = 0; size < 80; ++size) {
    EXPECT_FALSE(parse_sideband(std::span(bytes).first(size)).ok()) << size;
  }
}

TEST(SidebandParserTest, LostRecordsAreCountedAndOthersSkipped) {
  const auto lost = parse_sideband(
      RecordBuilder(PERF_RECORD_LOST).put(std::uint64_t{1}).put(std::uint64_t{17}).build());
  EXPECT_EQ(std::get<SidebandLost>(*lost).records, 17U);
  const auto other = parse_sideband(RecordBuilder(PERF_RECORD_THROTTLE).build());
  EXPECT_TRUE(std::holds_alternative<SidebandOther>(*other));
}

}  // namespace
}  // namespace sonde
