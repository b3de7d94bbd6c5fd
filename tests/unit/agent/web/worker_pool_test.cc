// SPDX-License-Identifier: Apache-2.0
#include "agent/web/worker_pool.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "core/base/file.h"

namespace sonde {
namespace {

using std::chrono::seconds;

// A handler that works on a path until the test lets go of its thread.
class Gate {
 public:
  HttpResponse answer(const std::string& path) {
    std::unique_lock lock(mutex_);
    const pid_t thread = ::gettid();
    begun_.emplace(path, thread);
    changed_.notify_all();
    changed_.wait(lock, [&] { return let_go_.contains(thread); });
    return {};
  }
  // Until so many paths were begun: the threads at work on them, the one that was started first in
  // front.
  std::set<pid_t> await(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, seconds(10), [&] { return begun_.size() >= count; }));
    std::set<pid_t> threads;
    for (const auto& [path, thread] : begun_) threads.insert(thread);
    return threads;
  }
  void let_go(pid_t thread) {
    const std::lock_guard lock(mutex_);
    let_go_.insert(thread);
    changed_.notify_all();
  }
  bool has_begun(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return begun_.contains(path);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, pid_t> begun_;
  std::set<pid_t> let_go_;
};

// Until the condition holds; 10 s at most.
template <typename Condition>
bool becomes_true(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// Of a thread of this process: R, S and so on, none if it has ended.
std::string state_of(pid_t thread) {
  const auto text = read_file("/proc/self/task/" + std::to_string(thread) + "/stat", 4096);
  return text ? text->substr(text->rfind(')') + 2, 1) : "";
}

WaitingRequest get(std::uint64_t id, const std::string& path) {
  return {id, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"};
}

TEST(WorkerPoolTest, AnswersComeBackWithTheirIds) {
  const UniqueFd ready(::eventfd(0, EFD_CLOEXEC));
  WorkerPool pool(
      1, [](const HttpRequest& request) { return HttpResponse{.body = request.path}; }, ready);
  pool.add(get(7, "/a"));
  eventfd_t times = 0;
  ASSERT_EQ(::eventfd_read(ready.get(), &times), 0);  // waits
  const auto finished = pool.take_finished();
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].id, 7U);
  EXPECT_EQ(finished[0].answer.status, 200);
  EXPECT_TRUE(finished[0].answer.bytes.ends_with("\r\n\r\n/a"));
  EXPECT_TRUE(pool.take_finished().empty());
}

TEST(WorkerPoolTest, TheEndWaitsForWhatRunsAndBeginsNothingElse) {
  const UniqueFd ready(::eventfd(0, EFD_CLOEXEC));
  Gate gate;
  auto pool = std::make_unique<WorkerPool>(
      2, [&](const HttpRequest& request) { return gate.answer(request.path); }, ready);
  pool->add(get(1, "/a"));
  pool->add(get(2, "/b"));
  const auto threads = gate.await(2);
  ASSERT_EQ(threads.size(), 2U);
  pool->add(get(3, "/c"));
  std::atomic<pid_t> ending = 0;
  std::thread end([&] {
    ending = ::gettid();
    pool.reset();
  });
  while (ending == 0) std::this_thread::yield();
  EXPECT_TRUE(becomes_true([&] { return state_of(ending) == "S"; }));  // waits for the first one
  const pid_t second = *threads.rbegin();
  gate.let_go(second);
  EXPECT_TRUE(becomes_true([&] { return state_of(second).empty() || gate.has_begun("/c"); }));
  gate.let_go(*threads.begin());
  end.join();
  EXPECT_FALSE(gate.has_begun("/c"));
}

}  // namespace
}  // namespace sonde
