// SPDX-License-Identifier: Apache-2.0
// Samples against the kernel's CPU accounting, in cgroups that the test makes in the real
// hierarchies.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/engine/session.h"
#include "agent/process/cgroup_layout.h"
#include "core/base/clock.h"
#include "tests/support/require.h"
#include "tests/support/spinner.h"

namespace sonde {
namespace {

constexpr std::uint64_t kWindowNs = 500'000'000;

// A cgroup of one process, in the hierarchy that ids are of and in the one that CPU is charged in.
class TestCgroup {
 public:
  TestCgroup(const CgroupLayout& layout, const std::string& name) : path("/" + name) {
    directories_ = {layout.mount + path};
    if (layout.cpu_mount != layout.mount) directories_.push_back(layout.cpu_mount + path);
    for (const std::string& one : directories_) made = ::mkdir(one.c_str(), 0755) == 0 && made;
  }
  ~TestCgroup() { remove(); }
  TestCgroup(const TestCgroup&) = delete;
  TestCgroup& operator=(const TestCgroup&) = delete;

  void take(std::uint32_t pid) const {
    for (const std::string& one : directories_) std::ofstream(one + "/cgroup.procs") << pid;
  }
  // Once its processes are gone; the kernel may need a moment.
  bool remove() const {
    return std::ranges::all_of(directories_, [](const std::string& one) {
      for (int tries = 0; tries < 200; ++tries) {
        if (::rmdir(one.c_str()) == 0 || errno == ENOENT) return true;
        ::usleep(10'000);
      }
      return false;
    });
  }

  const std::string path;
  bool made = true;

 private:
  std::vector<std::string> directories_;
};

class WindowChargesTest : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_BPF();
    const auto layout = read_cgroup_layout();
    if (!layout || layout->cpu_mount.empty() || ::access(layout->mount.c_str(), W_OK) != 0) {
      GTEST_SKIP() << "SKIP cgroup: no hierarchy that accounts for CPU can be written to";
    }
    layout_ = *layout;
    auto session = Session::create(
        {.rate_hz = 199,
         .window_ns = kWindowNs,
         .on_window = [this](EndedWindow&& window) { windows_.push_back(std::move(window)); },
         .worker_executable = SONDE_WORKER_PROGRAM});
    ASSERT_TRUE(session.ok()) << session.error().message;
    session_ = std::move(*session);
  }
  // Goes on until `enough()`, at most for some 40 s.
  void run_until(const std::function<bool()>& enough) {
    ASSERT_TRUE(session_->run(std::chrono::seconds(40), enough, [](const auto&) {}).ok());
  }
  [[nodiscard]] static const CgroupCharge* charge_of(const EndedWindow& window,
                                                     const std::string& path) {
    if (!window.closed.charges) return nullptr;
    const auto& cgroups = window.closed.charges->cgroups;
    const auto found = std::ranges::find(cgroups, path, &CgroupCharge::cgroup);
    return found == cgroups.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::size_t windows_with(const std::string& path) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        windows_, [&](const EndedWindow& one) { return charge_of(one, path) != nullptr; }));
  }
  [[nodiscard]] std::uint64_t note(const std::string& name) const {
    std::uint64_t sum = 0;
    for (const EndedWindow& window : windows_) {
      const auto found = window.closed.meta.notes.find(name);
      if (found != window.closed.meta.notes.end()) sum += found->second;
    }
    return sum;
  }

  CgroupLayout layout_;
  std::unique_ptr<Session> session_;
  std::vector<EndedWindow> windows_;
};

// Of one process: samples, and their weights in ns.
std::pair<double, double> sampled(const EndedWindow& window, std::uint32_t pid) {
  std::pair<double, double> sum{0, 0};
  for (const WindowStack& stack : window.closed.window.stacks) {
    if (window.closed.window.processes[stack.process].tgid != pid) continue;
    sum.first += static_cast<double>(stack.samples);
    sum.second += static_cast<double>(stack.cpu_ns);
  }
  return sum;
}

TEST_F(WindowChargesTest, SamplesAccountForWhatABusyCgroupWasCharged) {
  const TestCgroup cgroup(layout_, "sonde-test-" + std::to_string(::getpid()));
  ASSERT_TRUE(cgroup.made);
  const Spinner spinner;  // ends first
  cgroup.take(spinner.pid());
  ASSERT_TRUE(session_->start().ok());
  run_until([&] { return windows_with(cgroup.path) >= 10; });
  ASSERT_TRUE(session_->stop().ok());
  double samples = 0, sampled_ns = 0, charged_ns = 0;
  for (const EndedWindow& window : windows_) {
    const CgroupCharge* charge = charge_of(window, cgroup.path);
    if (charge == nullptr) continue;
    EXPECT_EQ(window.closed.charges->source, layout_.cpu_file());
    EXPECT_GE(window.closed.charges->host_ns + 100'000'000, charge->ns);
    const auto [count, ns] = sampled(window, spinner.pid());
    samples += count;
    sampled_ns += ns;
    charged_ns += static_cast<double>(charge->ns);
  }
  ASSERT_GT(samples, 100) << "in " << windows_.size() << " windows, late " << note("charge_late");
  EXPECT_NEAR(sampled_ns / charged_ns, 1, 4 / std::sqrt(samples)) << samples << " samples";
  EXPECT_FALSE(windows_.back().closed.charges) << "the end of the session is no window's";
}

TEST_F(WindowChargesTest, ACgroupThatIsRemovedIsCountedAsGone) {
  const TestCgroup cgroup(layout_, "sonde-test-gone-" + std::to_string(::getpid()));
  ASSERT_TRUE(cgroup.made);
  std::optional<Spinner> spinner(std::in_place);
  cgroup.take(spinner->pid());
  ASSERT_TRUE(session_->start().ok());
  run_until([&] { return windows_with(cgroup.path) >= 1; });
  const std::uint64_t others = note("cgroup_gone");  // of whatever else runs here
  spinner.reset();
  ASSERT_TRUE(cgroup.remove());
  const std::uint64_t removed_ns = wall_ns();
  const auto is_after = [&](const EndedWindow& one) {
    return one.closed.meta.begin_ns >= removed_ns;
  };
  run_until([&] { return std::ranges::count_if(windows_, is_after) >= 2; });
  EXPECT_GT(note("cgroup_gone"), others);
  for (const EndedWindow& window : windows_) {
    EXPECT_FALSE(is_after(window) && charge_of(window, cgroup.path) != nullptr);
  }
  ASSERT_TRUE(session_->stop().ok());
}

}  // namespace
}  // namespace sonde
