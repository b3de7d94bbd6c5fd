// SPDX-License-Identifier: Apache-2.0
// Over a real terminal (pty(7)).
#include "agent/cli/top_ui.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/profile_builder.h"
#include "tests/support/pty.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using test::Pty;

std::shared_ptr<const TopWindow> window_of(const std::string& process) {
  ProfileBuilder b;
  b.add(process, "main;work", 20);
  b.profile.meta.duration_ns = 2'000'000'000;
  b.profile.meta.cpu_count = 2;
  return std::make_shared<TopWindow>(
      TopWindow{.profile = std::move(b.profile), .cgroups = {"/"}, .own_pids = {}});
}

class TopUiTest : public testing::Test {
 protected:
  void SetUp() override {
    auto guard = TerminalGuard::start(pty_.terminal.get(), pty_.terminal.get());
    ASSERT_TRUE(guard.ok());
    guard_.emplace(*std::move(guard));
    auto screen = Screen::open(pty_.terminal.get(), pty_.terminal.get(), *guard_);
    ASSERT_TRUE(screen.ok());
    screen_ = *std::move(screen);
    ui_ = std::make_unique<TopUi>(*screen_, pty_.terminal.get(), ColourChoice::kNever, TopState{},
                                  TopScreen{.length = "2 s"});
  }
  void press(std::string_view keys) const {
    ASSERT_EQ(::write(pty_.leader.get(), keys.data(), keys.size()),
              static_cast<ssize_t>(keys.size()));
  }
  [[nodiscard]] bool draws(std::string_view text) const {
    return pty_.read_until(text).find(text) != std::string::npos;
  }
  [[nodiscard]] bool leaves() const {
    for (int i = 0; i < 1000 && !ui_->quits(); ++i) ::poll(nullptr, 0, 2);
    return ui_->quits();
  }

  Pty pty_;
  std::optional<TerminalGuard> guard_;
  std::unique_ptr<Screen> screen_;
  std::unique_ptr<TopUi> ui_;
};

TEST_F(TopUiTest, WindowsAreDrawnAndKeysWork) {
  EXPECT_TRUE(draws("the first 2 s are being sampled"));
  ui_->show(window_of("worker"));
  EXPECT_TRUE(draws("worker"));
  press("f");
  EXPECT_TRUE(draws("FUNCTION"));
  press("\r");
  EXPECT_TRUE(draws("by callers"));
  press("q");
  EXPECT_TRUE(leaves());
  EXPECT_FALSE(ui_->problem());
}

TEST_F(TopUiTest, AHeldPictureWaits) {
  ui_->show(window_of("alpha"));
  EXPECT_TRUE(draws("alpha"));
  press(" ");
  EXPECT_TRUE(draws("held"));
  ui_->show(window_of("beta"));
  EXPECT_FALSE(draws("beta"));
  press(" ");
  EXPECT_TRUE(draws("beta"));
}

TEST_F(TopUiTest, ATerminalThatIsGoneEndsIt) {
  pty_.leader.reset();
  EXPECT_TRUE(leaves());
}

TEST(ClockTextTest, IsLocalTime) {
  ::setenv("TZ", "UTC-2", 1);  // NOLINT(concurrency-mt-unsafe): two hours east
  ::tzset();
  EXPECT_EQ(clock_text(1'700'000'000'000'000'000), "00:13:20");
  ::unsetenv("TZ");  // NOLINT(concurrency-mt-unsafe)
  ::tzset();
}

}  // namespace
}  // namespace sonde
