// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/host_facts.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

namespace sonde {
namespace {

void burn(double seconds) {
  const std::clock_t end = std::clock() + static_cast<std::clock_t>(seconds * CLOCKS_PER_SEC);
  while (std::clock() < end) {
  }
}

TEST(HostFactsTest, WhatAChildUsedIsNotOurs) {
  const double before = own_cpu_seconds();
  const pid_t child = ::fork();
  if (child == 0) {
    burn(0.3);
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_LT(own_cpu_seconds() - before, 0.15);
  burn(0.2);
  EXPECT_GE(own_cpu_seconds() - before, 0.19);
}

}  // namespace
}  // namespace sonde
