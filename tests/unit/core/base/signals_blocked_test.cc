// SPDX-License-Identifier: Apache-2.0
#include "core/base/signals_blocked.h"

#include <gtest/gtest.h>

#include <thread>

namespace sonde {
namespace {

bool is_blocked(int signal) {
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return ::sigismember(&now, signal) == 1;
}

TEST(SignalsBlockedTest, AThreadThatIsStartedMeanwhileTakesNoneAndThisOneDoesAgain) {
  bool blocked = false;
  {
    const SignalsBlocked all;
    std::thread([&] { blocked = is_blocked(SIGTERM) && is_blocked(SIGUSR1); }).join();
  }
  EXPECT_TRUE(blocked);
  EXPECT_FALSE(is_blocked(SIGTERM));
}

}  // namespace
}  // namespace sonde
