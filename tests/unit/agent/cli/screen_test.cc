// SPDX-License-Identifier: Apache-2.0
// Over a real terminal (pty(7)).
#include "agent/cli/screen.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/pty.h"

namespace sonde {
namespace {

using test::Pty;

class ScreenTest : public testing::Test {
 protected:
  void SetUp() override {
    auto guard = TerminalGuard::start(pty_.terminal.get(), pty_.terminal.get());
    ASSERT_TRUE(guard.ok());
    guard_.emplace(*std::move(guard));
    before_ = pty_.modes();
    auto screen = Screen::open(pty_.terminal.get(), pty_.terminal.get(), *guard_);
    ASSERT_TRUE(screen.ok());
    screen_ = *std::move(screen);
  }

  [[nodiscard]] bool has_changed() const {
    pollfd wait{screen_->changed_fd(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }

  Pty pty_;
  tcflag_t before_ = 0;
  std::optional<TerminalGuard> guard_;
  std::unique_ptr<Screen> screen_;
};

TEST_F(ScreenTest, TheTerminalIsTakenAndGivenBack) {
  EXPECT_EQ(pty_.read_until("\x1b[?25l"), "\x1b[?1049h\x1b[?25l");
  EXPECT_EQ(pty_.modes() & (ICANON | ECHO), 0U);
  EXPECT_NE(pty_.modes() & ISIG, 0U) << "Ctrl-C stays a signal";
  screen_.reset();
  EXPECT_EQ(pty_.read_until(kLeaveScreen), kLeaveScreen);
  EXPECT_EQ(pty_.modes(), before_);
}

TEST_F(ScreenTest, APictureIsWrittenOverTheLastOne) {
  (void)pty_.read_until("\x1b[?25l");
  ASSERT_TRUE(screen_->draw({"one", "two"}).ok());
  EXPECT_EQ(pty_.read_until("\x1b[J"), "\x1b[H\x1b[2Kone\r\r\n\x1b[2Ktwo\r\r\n\x1b[J");
}

TEST_F(ScreenTest, LinesPastTheLastOneOfTheScreenAreLeftOut) {
  (void)pty_.read_until("\x1b[?25l");
  std::vector<std::string> lines(30, "x");
  lines[23] = "last";
  ASSERT_TRUE(screen_->draw(lines).ok());
  const std::string drawn = pty_.read_until("last");
  EXPECT_TRUE(drawn.ends_with("\r\n\x1b[2Klast")) << drawn;
}

TEST_F(ScreenTest, AnotherSizeAndComingBackAreChanges) {
  EXPECT_FALSE(has_changed());
  winsize size{.ws_row = 50, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(pty_.terminal.get(), TIOCSWINSZ, &size), 0);
  ::raise(SIGWINCH);
  EXPECT_TRUE(has_changed());
  EXPECT_EQ(screen_->height(), 50U);
  screen_->take_change();
  EXPECT_FALSE(has_changed());
  ::raise(SIGCONT);
  EXPECT_TRUE(has_changed());
  EXPECT_EQ(pty_.read_until("\x1b[?25l\x1b[?1049h\x1b[?25l"),
            "\x1b[?1049h\x1b[?25l\x1b[?1049h\x1b[?25l");
}

TEST_F(ScreenTest, ATerminalThatIsGoneIsAnError) {
  pty_.leader.reset();
  bool is_drawn = true;  // until the guard, which has just been forked, has closed its copy too
  for (int i = 0; i < 1000 && is_drawn; ++i) {
    ::poll(nullptr, 0, 2);
    is_drawn = screen_->draw({"x"}).ok();
  }
  EXPECT_FALSE(is_drawn);
}

}  // namespace
}  // namespace sonde
