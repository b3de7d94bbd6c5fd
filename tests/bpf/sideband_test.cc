// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/sideband.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
  (*sideband)->drain([&](MappingEvent&& event) {
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
  (*sideband)->drain([&](MappingEvent&&) { ++taken; });
  EXPECT_GT(taken, 500U);
  // The kernel writes the LOST record with the next one that fits.
  void* mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ::munmap(mapped, 4096);
  (*sideband)->drain([](MappingEvent&&) {});
  EXPECT_GT((*sideband)->lost(), 0U);  // sideband_lost
}

}  // namespace
}  // namespace sonde
