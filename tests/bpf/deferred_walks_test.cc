// SPDX-License-Identifier: Apache-2.0
// Samples without tables: what the kernel keeps of them, and what becomes of those whose tables
// never come.
#include "agent/engine/deferred_walks.h"

#include <gtest/gtest.h>

#include <pthread.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "agent/capture/cpu_sampler.h"
#include "bpf/abi/stop.h"
#include "core/base/clock.h"
#include "symbolizer/client/symbolizer_client.h"
#include "tests/bpf/session_parts.h"
#include "tests/support/require.h"
#include "tests/support/spinner.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

TEST(DeferredSampleTest, ATickWithoutTablesKeepsRegistersAndStack) {
  SONDE_NEED_BPF();
  const Spinner spinner("deferred");
  auto sampler = CpuSampler::create({.rate_hz = 499, .defer = true});
  ASSERT_TRUE(sampler.ok()) << sampler.error().message;
  ASSERT_TRUE((*sampler)->enable().ok());
  std::this_thread::sleep_for(milliseconds(200));
  ASSERT_TRUE((*sampler)->disable().ok());
  std::uint64_t found = 0;
  EXPECT_EQ((*sampler)->drain([&](RawSample&& sample) {
    if (sample.header.tgid != spinner.pid() || !sample.is_deferred()) return;
    ++found;
    ASSERT_GT(sample.user.size(), std::size_t{SONDE_DEFERRED_REGISTERS} + 8);
    EXPECT_EQ(sample.header.stop, SONDE_STOP_NO_PROCESS);
    EXPECT_NE(sample.user[SONDE_DEFERRED_REGISTERS - 1], 0U);  // pc
    EXPECT_NE(sample.user[7], 0U);                             // rsp
  }),
            0U);
  EXPECT_GT(found, 10U);
  EXPECT_GE((*sampler)->counts().counters[SONDE_CPU_DEFERRED], found);
}

TEST(DeferredSampleTest, TheyFillHalfOfTheRingAndNoMore) {
  SONDE_NEED_BPF();
  const Spinner spinner("refused");
  auto sampler = CpuSampler::create({.rate_hz = 499, .ring_bytes = 128 * 1024, .defer = true});
  ASSERT_TRUE(sampler.ok()) << sampler.error().message;
  ASSERT_TRUE((*sampler)->enable().ok());
  std::this_thread::sleep_for(milliseconds(300));  // nobody drains
  ASSERT_TRUE((*sampler)->disable().ok());
  const CpuSamplerCounts counts = (*sampler)->counts();
  EXPECT_GT(counts.counters[SONDE_CPU_DEFER_REFUSED], 0U);  // defer_refused
  std::uint64_t deferred = 0, plain = 0;
  (*sampler)->drain([&](RawSample&& sample) { ++(sample.is_deferred() ? deferred : plain); });
  EXPECT_EQ(deferred, counts.counters[SONDE_CPU_DEFERRED]);
  EXPECT_LE(deferred, 64U * 1024 / 4096 + 2);
  EXPECT_GT(plain, 0U);
}

class DeferredWalksTest : public SessionParts {
 protected:
  void SetUp() override {
    SessionParts::SetUp();
    if (HasFatalFailure() || IsSkipped()) return;
    walks_ = std::make_unique<DeferredWalks>(*tables_, *publisher_, processes_);
  }

  static RawSample sample_of(std::uint32_t tgid) {
    RawSample sample;
    sample.header.tgid = tgid;
    sample.header.time_ns = 1;
    sample.header.stop = SONDE_STOP_NO_PROCESS;
    sample.header.flags = SONDE_SAMPLE_DEFERRED;
    sample.user.resize(SONDE_DEFERRED_REGISTERS + SONDE_DEFERRED_STACK_WORDS);
    return sample;
  }

  std::unique_ptr<DeferredWalks> walks_;
};

TEST_F(DeferredWalksTest, ASampleOfAProcessNeverKnownIsTakenInTheEndWithItsReason) {
  std::uint64_t taken = 0;
  const auto take = [&](const RawSample& sample, const Process* process) {
    ++taken;
    EXPECT_EQ(process, nullptr);
    EXPECT_TRUE(sample.user.empty());
    EXPECT_EQ(sample.header.stop, SONDE_STOP_NO_PROCESS);
  };
  walks_->add(sample_of(0x7ffffff0), take);
  EXPECT_EQ(taken, 0U);
  EXPECT_FALSE(walks_->empty());
  walks_->resolve(true, take);
  EXPECT_EQ(taken, 1U);
  EXPECT_TRUE(walks_->empty());
  EXPECT_EQ(walks_->counts().unwalked, 1U);  // deferred_unwalked
}

TEST_F(DeferredWalksTest, PastTheBudgetSamplesAreTakenAtOnceAndCounted) {
  std::uint64_t taken = 0;
  const auto take = [&](const RawSample&, const Process*) { ++taken; };
  const std::size_t room = DeferredWalks::kMaxBytes / (SONDE_DEFERRED_STACK_WORDS * 8);
  for (std::size_t i = 0; i < room + 10; ++i) walks_->add(sample_of(0x7ffffff0), take);
  EXPECT_GE(taken, 10U);
  EXPECT_EQ(walks_->counts().over_budget, taken);  // deferred_over_budget
  walks_->resolve(true, take);
  EXPECT_EQ(taken, room + 10);
}

// Where the memory of this thread's stack ends: main's frames may be less than a copy below it.
std::uint64_t end_of_stack() {
  pthread_attr_t attributes;
  ::pthread_getattr_np(::pthread_self(), &attributes);
  void* begin = nullptr;
  std::size_t size = 0;
  ::pthread_attr_getstack(&attributes, &begin, &size);
  ::pthread_attr_destroy(&attributes);
  return reinterpret_cast<std::uint64_t>(begin) + size;
}

// A thread with these registers as a tick would find it, with at most that many words of its
// stack.
RawSample sample_at(const gregset_t& registers, std::size_t most_words) {
  constexpr std::array kDwarfOrder = {REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
                                      REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                      REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
  RawSample sample;
  sample.header.tgid = static_cast<std::uint32_t>(::getpid());
  sample.header.flags = SONDE_SAMPLE_DEFERRED;
  const std::uint64_t begin =
      static_cast<std::uint64_t>(registers[REG_RSP]) - SONDE_RED_ZONE_WORDS * 8;
  const std::size_t stack_words = std::min<std::size_t>(most_words, (end_of_stack() - begin) / 8);
  sample.user.resize(SONDE_DEFERRED_REGISTERS + stack_words);
  for (std::size_t i = 0; i < kDwarfOrder.size(); ++i) {
    sample.user[i] = static_cast<std::uint64_t>(registers[kDwarfOrder[i]]);
  }
  std::memcpy(sample.user.data() + SONDE_DEFERRED_REGISTERS, reinterpret_cast<const void*>(begin),
              stack_words * 8);
  return sample;
}

__attribute__((noinline)) RawSample own_sample(std::size_t stack_words) {
  ucontext_t context{};
  ::getcontext(&context);
  return sample_at(context.uc_mcontext.gregs, stack_words);
}

// Traps between the pop of RBP and the return, where compilers still say that RBP is saved at
// CFA-16: below the stack pointer by then.
extern "C" void sonde_test_trap_after_pop();
__asm__(R"(
.text
.type sonde_test_trap_after_pop, @function
sonde_test_trap_after_pop:
  .cfi_startproc
  push %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  mov $1, %ebp
  pop %rbp
  .cfi_def_cfa_offset 8
  int3
  nop
  ret
  .cfi_endproc
.size sonde_test_trap_after_pop, . - sonde_test_trap_after_pop
)");

RawSample trapped_sample;

RawSample sample_after_pop(std::size_t stack_words) {
  static std::size_t words;
  words = stack_words;
  struct sigaction action {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    trapped_sample = sample_at(static_cast<ucontext_t*>(context)->uc_mcontext.gregs, words);
  };
  struct sigaction before {};
  ::sigaction(SIGTRAP, &action, &before);
  sonde_test_trap_after_pop();
  ::sigaction(SIGTRAP, &before, nullptr);
  return trapped_sample;
}

class OwnStackTest : public DeferredWalksTest {
 protected:
  // The walk of a sample of this thread, with all tables there.
  RawSample walk(RawSample (*take_sample)(std::size_t), std::size_t stack_words) {
    const auto pid = static_cast<std::uint32_t>(::getpid());
    processes_.scan(pid);
    publisher_->publish(processes_, monotonic_ns());
    for (int i = 0; i < 500 && !loader_->idle(); ++i) {
      std::this_thread::sleep_for(milliseconds(10));
    }
    publisher_->publish_rows();
    RawSample sample = take_sample(stack_words);
    const Process* process = processes_.find(pid);
    sample.header.start_time_ns = process->start_ticks * SONDE_START_TICK_NS;
    sample.header.time_ns = monotonic_ns();
    RawSample walked;
    const auto take = [&](const RawSample& one, const Process*) { walked = one; };
    walks_->add(std::move(sample), take);
    walks_->resolve(false, take);
    EXPECT_TRUE(walks_->empty());
    EXPECT_EQ(walks_->counts().walked, 1U);
    return walked;
  }
};

TEST_F(OwnStackTest, AStackIsWalkedWholeOnceItsTablesAreThere) {
  const RawSample walked = walk(own_sample, 700);  // main is a few KiB up
  EXPECT_FALSE(walked.is_deferred());
  EXPECT_EQ(walked.header.stop, SONDE_STOP_COMPLETE);
  EXPECT_GT(walked.user.size(), 6U);
}

TEST_F(OwnStackTest, ARegisterThatIsSavedBelowTheStackPointerIsFoundInTheRedZone) {
  const RawSample walked = walk(sample_after_pop, 700);
  EXPECT_EQ(walked.header.stop, SONDE_STOP_COMPLETE);
  EXPECT_GT(walked.user.size(), 6U);
}

TEST_F(OwnStackTest, AStackDeeperThanItsCopySaysSo) {
  const RawSample walked = walk(own_sample, 20);
  EXPECT_EQ(walked.header.stop, SONDE_STOP_STACK_COPY);
  EXPECT_GE(walked.user.size(), 1U);
}

}  // namespace
}  // namespace sonde
