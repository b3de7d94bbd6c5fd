// SPDX-License-Identifier: Apache-2.0
// Why code that lies in no file has no name, over the real worker.
#include "agent/engine/namer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/model/reason.h"
#include "tests/support/real_worker.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMade = 0x7f0000001000;

// A fake procfs with one process that made code, and its perf map if there is one.
class NamerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(dir_ / "71" / "root" / "tmp");
    std::ofstream(dir_ / "71" / "status")
        << "Name:\tjit\nUid:\t0\t0\t0\t" << ::getuid() << "\nNSpid:\t71\n";
    std::ofstream stat(dir_ / "71" / "stat");
    stat << "71 (jit) S";
    for (int field = 4; field < 22; ++field) stat << " 0";
    stat << " 555 0 0\n";
    process_.ranges = std::make_shared<const std::vector<CodeRange>>();
    process_.tgid = 71;
    process_.start_ticks = 555;
    client_ = start_real_worker();
    ASSERT_NE(client_, nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  void write_map() {
    std::ofstream(dir_ / "71" / "root" / "tmp" / "perf-71.map") << "7f0000001000 10 hot\n";
  }

  // The only frame of a window with one stack of that frame.
  ProfileFrame frame_of(FrameWord word, MadeCodeBudget budget = {}) {
    maps_.note(process_);
    ProfileWindow window;
    window.processes.push_back({.tgid = 71, .start_ticks = 555, .name = "jit"});
    window.stacks.push_back({.samples = 1, .cpu_ns = 1, .frames = {word}});
    Namer namer(images_, proc_, maps_, *client_, nullptr, budget);
    profile_ = namer.name(window);
    over_budget_ = namer.code_maps_over_budget();
    return profile_.frames.at(0);
  }
  [[nodiscard]] static FrameWord user_pc(std::uint64_t pc) {
    return (SONDE_TAG_USER_PC << SONDE_TAG_SHIFT) | pc;
  }
  [[nodiscard]] static FrameWord made(std::uint64_t pc) { return user_pc(pc) | kAnonymousCode; }

  std::filesystem::path dir_ =
      std::filesystem::path(testing::TempDir()) / ("namer_" + std::to_string(::getpid()));
  ProcReader proc_{dir_.string()};
  ImageRegistry images_{proc_, UniqueFd{}};
  Process process_;
  CodeMaps maps_{proc_, images_};
  std::unique_ptr<SymbolizerClient> client_;
  SymbolizedProfile profile_;
  std::uint64_t over_budget_ = 0;
};

TEST_F(NamerTest, MadeCodeIsNamedByItsMap) {
  write_map();
  const ProfileFrame frame = frame_of(made(kMade + 4));
  EXPECT_EQ(profile_.functions.at(frame.function).name, "hot");
  EXPECT_EQ(frame.reason, "");
}

TEST_F(NamerTest, MadeCodeWithoutAMapSaysSo) {
  EXPECT_EQ(frame_of(made(kMade)).reason, to_string(CodeReason::kNoCodeMap));
}

TEST_F(NamerTest, MadeCodeThatTheMapDoesNotHaveHasTheReasonOfASymbol) {
  write_map();
  EXPECT_EQ(frame_of(made(kMade + 0x100)).reason, to_string(Reason::kNoSymbol));
}

TEST_F(NamerTest, WithoutTimeAMapIsNotRead) {
  write_map();
  const ProfileFrame frame = frame_of(made(kMade), {.of_one = 0, .of_all = 0});
  EXPECT_EQ(frame.reason, to_string(CodeReason::kCodeMapsOverBudget));
  EXPECT_EQ(over_budget_, 1U);
}

TEST_F(NamerTest, AnAddressWithoutCodeSaysSo) {
  EXPECT_EQ(frame_of(user_pc(0x1234)).reason, to_string(CodeReason::kNoRange));
}

TEST_F(NamerTest, WithoutKernelSymbolsTheKernelHasAddresses) {
  EXPECT_EQ(frame_of(SONDE_KERNEL_FRAME(0xffffffff81000000)).reason,
            to_string(CodeReason::kKallsymsRestricted));
}

}  // namespace
}  // namespace sonde
