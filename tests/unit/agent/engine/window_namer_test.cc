// SPDX-License-Identifier: Apache-2.0
// Names of windows, and why there is none, over the real worker.
#include "agent/engine/window_namer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "core/model/reason.h"
#include "tests/support/real_worker.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMade = 0x7f0000001000;
constexpr std::uint64_t kKernelPc = 0xffffffff81000000;

extern "C" {
[[gnu::noinline, gnu::used]] void function_that_has_a_name() { asm volatile(""); }
[[gnu::noinline, gnu::used]] void function_that_has_another() { asm volatile(""); }
}

// Where the code of this program that is mapped at an address lies in its file.
std::uint64_t file_offset_of(void (*function)()) {
  const auto address = reinterpret_cast<std::uint64_t>(function);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t offset = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %lx", &begin, &end, &offset) != 3) continue;
    if (address >= begin && address < end) return address - begin + offset;
  }
  ADD_FAILURE() << "no mapping";
  return 0;
}

FrameWord in_image(std::uint64_t offset) {
  return (FrameWord{1} << SONDE_IMAGE_GENERATION_SHIFT) | offset;
}
FrameWord user_pc(std::uint64_t pc) { return (SONDE_TAG_USER_PC << SONDE_TAG_SHIFT) | pc; }
FrameWord made(std::uint64_t pc) { return user_pc(pc) | kAnonymousCode; }

ForeignFile open_file(const std::string& path) {
  return std::make_shared<const UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

// Windows of one process, which this program is the file of.
class WindowNamerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_);
    client_ = start_real_worker();
    ASSERT_TRUE(client_);
    namer_ = std::make_unique<WindowNamer>(*client_);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void write_map(const std::string& text = "7f0000001000 10 hot\n") {
    std::ofstream(dir_ / "perf-71.map", std::ios::app) << text;
  }

  // With one stack, of these frames.
  [[nodiscard]] EndedWindow window_of(const std::vector<FrameWord>& frames) const {
    EndedWindow out;
    out.closed.images.push_back({.path = "/proc/self/exe", .build_id = {}, .content = {}});
    out.files.resize(2);
    out.files[1].fd = open_file("/proc/self/exe");
    out.closed.window.processes = {
        {.tgid = 71, .start_ticks = 555, .name = "jit", .executable = ImageId{1}}};
    out.closed.window.stacks = {{.samples = 1, .cpu_ns = 1, .frames = frames}};
    const auto path = dir_ / "perf-71.map";
    const bool has_map = std::filesystem::exists(path);
    out.made_code = {{.process = 0, .files = {}, .problem = has_map ? "" : "no_code_map"}};
    if (has_map) out.made_code[0].files = {open_file(path)};
    if (std::ranges::none_of(frames, is_made_code)) out.made_code.clear();
    out.kernel = {{.address = kKernelPc, .name = {}, .module = "kallsyms_restricted", .begin = 0}};
    return out;
  }
  ProfileFrame frame_of(FrameWord word) {
    profile_ = namer_->name(window_of({word}));
    return profile_.frames.at(0);
  }
  std::string name_of(FrameWord word) {
    const ProfileFrame frame = frame_of(word);
    return profile_.functions.at(frame.function).name;
  }

  std::filesystem::path dir_ =
      std::filesystem::path(testing::TempDir()) / ("window_namer_" + std::to_string(::getpid()));
  std::unique_ptr<SymbolizerClient> client_;
  std::unique_ptr<WindowNamer> namer_;
  SymbolizedProfile profile_;
};

TEST_F(WindowNamerTest, CodeOfAFileIsNamedAndKeepsItsName) {
  const FrameWord code = in_image(file_offset_of(function_that_has_a_name));
  EXPECT_EQ(name_of(code), "function_that_has_a_name");
  EXPECT_EQ(frame_of(code).origin, Origin::kOwn);
  EXPECT_EQ(profile_.images.at(frame_of(code).image).path, "/proc/self/exe");
  const std::uint64_t asked = client_->counters().requests;
  EXPECT_EQ(name_of(code), "function_that_has_a_name");
  EXPECT_EQ(client_->counters().requests, asked);
}

TEST_F(WindowNamerTest, WhatIsNewInAWindowIsAskedFor) {
  const FrameWord first = in_image(file_offset_of(function_that_has_a_name));
  const FrameWord second = in_image(file_offset_of(function_that_has_another));
  EXPECT_EQ(name_of(first), "function_that_has_a_name");
  const SymbolizedProfile both = namer_->name(window_of({first, second}));
  ASSERT_EQ(both.frames.size(), 2U);
  EXPECT_EQ(both.functions.at(both.frames[0].function).name, "function_that_has_a_name");
  EXPECT_EQ(both.functions.at(both.frames[1].function).name, "function_that_has_another");
  EXPECT_EQ(namer_->known(), 2U);
}

TEST_F(WindowNamerTest, WithoutTimeAFileIsAskedWithTheNextWindow) {
  const FrameWord code = in_image(file_offset_of(function_that_has_a_name));
  namer_ = std::make_unique<WindowNamer>(*client_, NamingBudget{.files = 0});
  const ProfileFrame frame = frame_of(code);
  EXPECT_EQ(frame.reason, to_string(CodeReason::kNameLate));
  EXPECT_EQ(frame.origin, Origin::kUnresolved);
  EXPECT_EQ(namer_->known(), 0U);
}

TEST_F(WindowNamerTest, AStackWithoutFramesGetsOne) {
  const SymbolizedProfile profile = namer_->name(window_of({}));
  EXPECT_EQ(profile.stacks.at(0).frames.size(), 1U);
}

TEST_F(WindowNamerTest, TheMetaIsTheWindows) {
  EndedWindow window = window_of({});
  window.closed.meta.host = "web-7";
  EXPECT_EQ(namer_->name(window).meta.host, "web-7");
}

TEST_F(WindowNamerTest, MadeCodeIsNamedByItsMap) {
  write_map();
  EXPECT_EQ(name_of(made(kMade + 4)), "hot");
  EXPECT_EQ(frame_of(made(kMade + 4)).reason, "");
}

TEST_F(WindowNamerTest, AMapThatHasGrownIsReadAgain) {
  namer_ = std::make_unique<WindowNamer>(*client_, NamingBudget{.rest = 0});
  write_map();
  EXPECT_EQ(name_of(made(kMade)), "hot");
  const std::uint64_t asked = client_->counters().requests;
  EXPECT_EQ(name_of(made(kMade)), "hot");
  EXPECT_EQ(client_->counters().requests, asked);
  write_map("7f0000001000 10 other\n");
  EXPECT_EQ(name_of(made(kMade)), "other");
}

TEST_F(WindowNamerTest, AMapThatGrowsAllTheTimeIsLeftAloneForAWhile) {
  namer_ = std::make_unique<WindowNamer>(*client_, NamingBudget{.rest = 1'000'000'000});
  write_map();
  EXPECT_EQ(name_of(made(kMade)), "hot");
  write_map("7f0000002000 10 other\n");
  EXPECT_EQ(name_of(made(kMade)), "hot");
  EXPECT_EQ(frame_of(made(kMade + 0x1000)).reason, to_string(CodeReason::kCodeMapsOverBudget));
}

TEST_F(WindowNamerTest, MadeCodeWithoutAMapSaysSo) {
  EXPECT_EQ(frame_of(made(kMade)).reason, to_string(CodeReason::kNoCodeMap));
}

TEST_F(WindowNamerTest, MadeCodeThatTheMapDoesNotHaveHasTheReasonOfASymbol) {
  write_map();
  EXPECT_EQ(frame_of(made(kMade + 0x100)).reason, to_string(Reason::kNoSymbol));
}

TEST_F(WindowNamerTest, WithoutTimeAMapIsNotRead) {
  write_map();
  namer_ = std::make_unique<WindowNamer>(*client_, NamingBudget{.of_one = 0, .of_all = 0});
  EXPECT_EQ(frame_of(made(kMade)).reason, to_string(CodeReason::kCodeMapsOverBudget));
  EXPECT_EQ(profile_.meta.notes.at("code_maps_over_budget"), 1U);
}

TEST_F(WindowNamerTest, AnAddressWithoutCodeSaysSo) {
  EXPECT_EQ(frame_of(user_pc(0x1234)).reason, to_string(CodeReason::kNoRange));
}

TEST_F(WindowNamerTest, WithoutKernelSymbolsTheKernelHasAddresses) {
  EXPECT_EQ(frame_of(SONDE_KERNEL_FRAME(kKernelPc)).reason,
            to_string(CodeReason::kKallsymsRestricted));
}

}  // namespace
}  // namespace sonde
