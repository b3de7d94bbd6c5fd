// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/sideband.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "agent/capture/cpu_sampler.h"
#include "core/base/clock.h"
#include "tests/support/require.h"

namespace sonde {
namespace {

TEST(SidebandTest, AnExecutableMappingIsSeenWithItsFileAndTime) {
  SONDE_NEED_BPF();
  auto sideband = Sideband::create();
  ASSERT_TRUE(sideband.ok()) << sideband.error().message;
  const UniqueFd fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  struct stat info {};
  ASSERT_EQ(::fstat(fd.get(), &info), 0);
  const std::uint64_t before = monotonic_ns();
  void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd.get(), 4096);
  ASSERT_NE(mapped, MAP_FAILED);
  std::uint64_t found = 0;
  (*sideband)->drain([&](SidebandEvent&& one) {
    if (!std::holds_alternative<MappingEvent>(one)) return;
    const auto& event = std::get<MappingEvent>(one);
    if (event.begin != reinterpret_cast<std::uint64_t>(mapped)) return;
    if (event.pid != static_cast<std::uint32_t>(::getpid())) return;
    ++found;
    EXPECT_EQ(event.bytes, 4096U);
    EXPECT_EQ(event.file_offset, 4096U);
    EXPECT_EQ(event.inode, info.st_ino);
    EXPECT_GE(event.time_ns, before);
    EXPECT_LE(event.time_ns, monotonic_ns());
  });
  ::munmap(mapped, 4096);
  EXPECT_EQ(found, 1U);
}

TEST(SidebandTest, AnExecIsToldBeforeTheMappingsOfTheNewProgram) {
  SONDE_NEED_BPF();
  auto sideband = Sideband::create();
  ASSERT_TRUE(sideband.ok());
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/true", "true", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  std::uint64_t exec_ns = 0, first_mapping_ns = ~std::uint64_t{0};
  (*sideband)->drain([&](SidebandEvent&& event) {
    if (const auto* exec = std::get_if<ExecEvent>(&event)) {
      if (exec->pid == static_cast<std::uint32_t>(child)) exec_ns = exec->time_ns;
    } else if (const auto* mapping = std::get_if<MappingEvent>(&event);
               mapping != nullptr && mapping->pid == static_cast<std::uint32_t>(child)) {
      first_mapping_ns = std::min(first_mapping_ns, mapping->time_ns);
    }
  });
  EXPECT_GT(exec_ns, 0U);
  EXPECT_LT(exec_ns, first_mapping_ns);
  EXPECT_NE(first_mapping_ns, ~std::uint64_t{0});
}

TEST(SidebandTest, ABpfProgramIsToldWithItsName) {
  SONDE_NEED_BPF();
  auto sideband = Sideband::create();
  ASSERT_TRUE(sideband.ok());
  std::uint64_t begin = 0, gone = 0;
  const auto take = [&](SidebandEvent&& event) {
    const auto* symbol = std::get_if<KernelSymbolEvent>(&event);
    if (symbol == nullptr || !symbol->name.ends_with("_sample_cpu")) return;
    EXPECT_TRUE(symbol->name.starts_with("bpf_prog_"));
    EXPECT_GT(symbol->bytes, 0U);
    (symbol->is_gone ? gone : begin) = symbol->begin;
  };
  auto sampler = CpuSampler::create({});
  ASSERT_TRUE(sampler.ok()) << sampler.error().message;
  (*sideband)->drain(take);
  EXPECT_NE(begin, 0U);
  EXPECT_EQ(gone, 0U);
  sampler->reset();
  // The kernel frees a program after a grace period.
  for (int i = 0; i < 100 && gone == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    (*sideband)->drain(take);
  }
  EXPECT_EQ(gone, begin);
}

TEST(SidebandTest, RingsThatNobodyDrainsLoseRecordsIntoTheCounter) {
  SONDE_NEED_BPF();
  auto sideband = Sideband::create();
  ASSERT_TRUE(sideband.ok());
  for (int i = 0; i < 20'000; ++i) {
    void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(mapped, MAP_FAILED);
    ::munmap(mapped, 4096);
  }
  std::uint64_t taken = 0;
  (*sideband)->drain([&](SidebandEvent&&) { ++taken; });
  EXPECT_GT(taken, 500U);
  // The kernel writes the LOST record with the next one that fits.
  void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ::munmap(mapped, 4096);
  (*sideband)->drain([](SidebandEvent&&) {});
  EXPECT_GT((*sideband)->lost(), 0U);  // sideband_lost
}

}  // namespace
}  // namespace sonde
