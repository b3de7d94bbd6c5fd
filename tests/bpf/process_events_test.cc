// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/process_events.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/require.h"

namespace sonde {
namespace {

TEST(ProcessEventsTest, ForkExecAndExitOfAChildAreSeenInOrder) {
  SONDE_NEED_BPF();
  auto events = ProcessEvents::create({});
  ASSERT_TRUE(events.ok()) << events.error().message;
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/true", "true", nullptr);
    ::_exit(1);
  }
  ::waitpid(child, nullptr, 0);
  std::vector<sonde_process_event> seen;
  std::uint64_t read = 0;
  (*events)->drain([&](const sonde_process_event& event) {
    ++read;
    if (event.tgid == static_cast<std::uint32_t>(child)) seen.push_back(event);
  });
  EXPECT_GE((*events)->written(), read) << "events";  // others of the host go on
  std::vector<std::uint32_t> kinds;
  for (const auto& event : seen) {
    if (event.kind != SONDE_EVENT_COMM) kinds.push_back(event.kind);
    EXPECT_EQ(event.start_time_ns, seen.front().start_time_ns);
  }
  EXPECT_EQ(kinds,
            (std::vector<std::uint32_t>{SONDE_EVENT_FORK, SONDE_EVENT_EXEC, SONDE_EVENT_EXIT}));
  EXPECT_EQ(seen.front().parent_tgid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_STREQ(seen.back().comm, "true");
  EXPECT_EQ((*events)->lost(), 0U);
}

// The kernel tells of it before the task has the name.
TEST(ProcessEventsTest, ARenameHasTheNewName) {
  SONDE_NEED_BPF();
  auto events = ProcessEvents::create({});
  ASSERT_TRUE(events.ok());
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_NAME, "before");
    ::prctl(PR_SET_NAME, "after");
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  std::vector<std::string> names;
  (*events)->drain([&](const sonde_process_event& event) {
    if (event.tgid == static_cast<std::uint32_t>(child) && event.kind == SONDE_EVENT_COMM) {
      names.emplace_back(event.comm);
    }
  });
  EXPECT_EQ(names, (std::vector<std::string>{"before", "after"}));
}

TEST(ProcessEventsTest, ThreadsAreNotProcesses) {
  SONDE_NEED_BPF();
  auto events = ProcessEvents::create({});
  ASSERT_TRUE(events.ok());
  std::thread([] {}).join();
  std::uint64_t seen = 0;
  (*events)->drain([&](const sonde_process_event& event) {
    if (event.tgid == static_cast<std::uint32_t>(::getpid())) ++seen;
  });
  EXPECT_EQ(seen, 0U);
}

TEST(ProcessEventsTest, ARingThatNobodyDrainsLosesEventsIntoTheirCounter) {
  SONDE_NEED_BPF();
  auto events = ProcessEvents::create({});
  ASSERT_TRUE(events.ok());
  // Each child is two events of 72 bytes; the ring holds 7,281 of them.
  for (int i = 0; i < 4000; ++i) {
    const pid_t child = ::vfork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
  }
  EXPECT_GT((*events)->lost(), 0U) << "process_ring_full";
}

}  // namespace
}  // namespace sonde
