// SPDX-License-Identifier: Apache-2.0
// The whole straight line in the running kernel: a session over a child with a known stack.
#include "agent/engine/session.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/balanced_books.h"
#include "tests/support/require.h"

namespace sonde {
namespace {

// Noinline, not last calls: each is a frame of its own, without a frame pointer.
__attribute__((noinline)) void known_leaf() {
  while (true) __asm__ volatile("" ::: "memory");
}
__attribute__((noinline)) void known_middle() {
  known_leaf();
  __asm__ volatile("");
}
__attribute__((noinline)) void known_root() {
  known_middle();
  __asm__ volatile("");
}

class KnownChild {
 public:
  KnownChild() : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "known-child");
    known_root();
  }
  ~KnownChild() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  KnownChild(const KnownChild&) = delete;
  KnownChild& operator=(const KnownChild&) = delete;
  [[nodiscard]] std::uint32_t pid() const { return static_cast<std::uint32_t>(pid_); }

 private:
  pid_t pid_;
};

class SessionTest : public testing::Test {
 protected:
  void SetUp() override { SONDE_NEED_BPF(); }

  static SymbolizedProfile record(SessionOptions options, std::chrono::milliseconds time) {
    options.worker_executable = SONDE_WORKER_PROGRAM;
    auto session = Session::create(std::move(options));
    EXPECT_TRUE(session.ok()) << session.error().message;
    if (!session) return {};
    EXPECT_TRUE((*session)->start().ok());
    EXPECT_TRUE((*session)
                    ->run(
                        time, [] { return false; }, [](const SessionProgress&) {})
                    .ok());
    auto profile = (*session)->finish();
    EXPECT_TRUE(profile.ok());
    return profile ? std::move(*profile) : SymbolizedProfile{};
  }

  static std::string names(const SymbolizedProfile& profile, const ProfileStack& stack) {
    std::string out;
    for (const std::uint32_t frame : stack.frames) {
      out += profile.functions[profile.frames[frame].function].name + " < ";
    }
    return out;
  }
};

TEST_F(SessionTest, AKnownStackComesBackWholeAndNamed) {
  const KnownChild child;
  const auto profile = record({.rate_hz = 499, .pids = {child.pid()}}, std::chrono::seconds(2));
  std::uint64_t whole = 0, all = 0, unpublished = 0;
  std::map<std::string, std::uint64_t> wrong;
  for (const ProfileStack& stack : profile.stacks) {
    all += stack.samples;
    const std::string chain = names(profile, stack);
    const bool right = chain.find("known_leaf") != std::string::npos &&
                       chain.find("known_middle") != std::string::npos &&
                       chain.find("known_root") != std::string::npos &&
                       chain.find("main < ") != std::string::npos && chain.ends_with("_start < ");
    if (stack.stop == SONDE_STOP_NO_MAPPING) {
      unpublished += stack.samples;
    } else if (right && stack.stop == SONDE_STOP_COMPLETE) {
      whole += stack.samples;
    } else {
      wrong[std::string(stop_name(stack.stop)) + ": " + chain] += stack.samples;
    }
  }
  for (const auto& [chain, count] : wrong) std::printf("%lu x %s\n", count, chain.c_str());
  EXPECT_GT(all, 100U);
  EXPECT_LT(unpublished * 2, all);
  EXPECT_GE(whole * 100, (all - unpublished) * 99);
}

void expect_balanced(const SymbolizedProfile& profile) {
  std::uint64_t stored = 0;
  for (const ProfileStack& stack : profile.stacks) {
    stored += stack.samples;
    EXPECT_FALSE(stack.frames.empty());
  }
  expect_balanced(profile.meta, stored);
}

TEST_F(SessionTest, TheBooksOfAProfileBalance) {
  const KnownChild child;
  expect_balanced(record({.rate_hz = 199}, std::chrono::seconds(1)));
}

// Runs `body` again and again in a child until the guard goes.
class Repeating {
 public:
  explicit Repeating(const std::function<void()>& body) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (true) body();
  }
  ~Repeating() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Repeating(const Repeating&) = delete;
  Repeating& operator=(const Repeating&) = delete;

 private:
  pid_t pid_;
};

std::uint64_t samples_with(const SymbolizedProfile& profile, std::uint16_t stop) {
  std::uint64_t sum = 0;
  for (const ProfileStack& stack : profile.stacks) sum += stack.stop == stop ? stack.samples : 0;
  return sum;
}

std::uint64_t note_of(const SymbolizedProfile& profile, std::string_view name) {
  for (const auto& [note, count] : profile.meta.notes) {
    if (note == name) return count;
  }
  return 0;
}

// So many mappings that reading them takes some 300 ms, and waits.
void map_much_code() {
  constexpr std::size_t kPage = 4096, kPages = 60'000;
  auto* begin = static_cast<char*>(::mmap(nullptr, kPages * kPage, PROT_READ | PROT_EXEC,
                                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  if (begin == MAP_FAILED) ::_exit(1);
  for (std::size_t i = 0; i < kPages; i += 2) ::mprotect(begin + i * kPage, kPage, PROT_READ);
  while (true) ::pause();
}

// While processes are read again, more events come than their ring has room for, also after the
// end: samples wait for the next look, but those of the end have to be taken.
TEST_F(SessionTest, TheBooksBalanceWhenEventsAreLostToTheEnd) {
  const Repeating much(map_much_code);
  const auto rename = [] { ::prctl(PR_SET_NAME, "renamed"); };
  const Repeating one(rename), two(rename);
  const auto profile = record({.rate_hz = 199}, std::chrono::seconds(1));
  EXPECT_GT(note_of(profile, "process_events_lost"), 0U);
  EXPECT_GT(note_of(profile, "rescans"), 1U);
  expect_balanced(profile);
}

TEST_F(SessionTest, AnExitingProcessHasNoStackLeft) {
  const Repeating exits([] {
    const pid_t child = ::fork();
    if (child == 0) {
      constexpr std::size_t kBytes = std::size_t{64} << 20;
      void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
      ::_exit(memory == MAP_FAILED ? 1 : 0);
    }
    ::waitpid(child, nullptr, 0);
  });
  const auto profile = record({.rate_hz = 1999}, std::chrono::seconds(2));
  EXPECT_GT(samples_with(profile, SONDE_STOP_MEMORY_GONE), 0U);
}

TEST_F(SessionTest, KernelThreadsAreKernelOnly) {
  const std::string path = testing::TempDir() + "kernel_threads_" + std::to_string(::getpid());
  const Repeating writes([&path] {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    for (int i = 0; i < 50; ++i) {
      if (::write(fd, path.data(), path.size()) < 0) return;
      ::fsync(fd);  // the journal's thread and the workers of the disk run for it
    }
    ::close(fd);
    ::unlink(path.c_str());
  });
  const auto profile = record({.rate_hz = 4999}, std::chrono::seconds(2));
  ::unlink(path.c_str());
  EXPECT_GT(samples_with(profile, SONDE_STOP_KERNEL_ONLY), 0U);
}

TEST_F(SessionTest, A32BitProgramIsNamedAsSuch) {
  const std::string base = testing::TempDir() + "spin32_" + std::to_string(::getpid());
  std::ofstream(base + ".s") << ".globl _start\n_start: jmp _start\n";
  const std::string build =
      "as --32 -o " + base + ".o " + base + ".s && ld -m elf_i386 -o " + base + " " + base + ".o";
  ASSERT_EQ(std::system(build.c_str()), 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execl(base.c_str(), base.c_str(), nullptr);
    ::_exit(127);
  }
  const auto profile = record({.rate_hz = 499}, std::chrono::seconds(1));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  for (const char* suffix : {"", ".s", ".o"}) ::unlink((base + suffix).c_str());
  if (WIFEXITED(status)) GTEST_SKIP() << "SKIP ia32: this kernel runs no 32-bit programs";
  EXPECT_GT(samples_with(profile, SONDE_STOP_COMPAT32), 20U);
}

TEST_F(SessionTest, APidThatDoesNotExistIsSaid) {
  SessionOptions options{.pids = {4'000'000}};
  options.worker_executable = SONDE_WORKER_PROGRAM;
  const auto session = Session::create(std::move(options));
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, ErrorCode::kNotFound);
  EXPECT_NE(session.error().message.find("4000000"), std::string::npos);
}

}  // namespace
}  // namespace sonde
