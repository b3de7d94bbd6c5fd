// SPDX-License-Identifier: Apache-2.0
#include "core/base/fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace sonde {
namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }
UniqueFd open_null() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(UniqueFdTest, ClosesWhenItGoesOutOfScope) {
  int number = -1;
  {
    const UniqueFd fd = open_null();
    ASSERT_TRUE(fd);
    number = fd.get();
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFdTest, MovingHandsOverAndClosesWhatTheTargetHeld) {
  UniqueFd source = open_null();
  UniqueFd target = open_null();
  const int kept = source.get();
  const int closed = target.get();
  target = std::move(source);
  EXPECT_EQ(target.get(), kept);
  EXPECT_FALSE(is_open(closed));
  EXPECT_FALSE(source);  // NOLINT(bugprone-use-after-move): the moved-from state is the rule
}

TEST(UniqueFdTest, MovingToItselfKeepsTheDescriptor) {
  UniqueFd fd = open_null();
  UniqueFd& same = fd;
  fd = std::move(same);
  ASSERT_TRUE(fd);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFdTest, ReleaseGivesUpOwnership) {
  UniqueFd fd = open_null();
  const UniqueFd owner(fd.release());
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(owner.get()));
}

}  // namespace
}  // namespace sonde
