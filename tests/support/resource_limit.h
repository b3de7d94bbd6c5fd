// SPDX-License-Identifier: Apache-2.0
// Limits of this process for as long as a test needs them: what a machine without descriptors or
// without space answers, without a machine like that.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>

#include "core/base/fd.h"
#include "core/base/sanitizer.h"

namespace sonde {

// The limit is lowered from the constructor to the destructor. Print nothing meanwhile.
class ResourceLimit {
 public:
  ResourceLimit(__rlimit_resource what, std::uint64_t limit) : what_(what) {
    EXPECT_EQ(::getrlimit(what_, &before_), 0);
    const rlimit lower{limit, before_.rlim_max};
    EXPECT_EQ(::setrlimit(what_, &lower), 0);
  }
  ~ResourceLimit() { EXPECT_EQ(::setrlimit(what_, &before_), 0); }
  ResourceLimit(const ResourceLimit&) = delete;
  ResourceLimit& operator=(const ResourceLimit&) = delete;

 private:
  __rlimit_resource what_;
  rlimit before_{};
};

// No file can be opened (EMFILE).
class NoDescriptors {
 public:
  NoDescriptors() : limit_(RLIMIT_NOFILE, lowest_free()) {}

 private:
  static std::uint64_t lowest_free() {
    const UniqueFd next(::open("/", O_PATH | O_CLOEXEC));
    return static_cast<std::uint64_t>(next.get());
  }
  ResourceLimit limit_;
};

// No file can be written to from this byte on (EFBIG).
class LargestFile {
 public:
  explicit LargestFile(std::uint64_t bytes) : limit_(RLIMIT_FSIZE, bytes) {}
  ~LargestFile() { ::signal(SIGXFSZ, handler_); }
  LargestFile(const LargestFile&) = delete;
  LargestFile& operator=(const LargestFile&) = delete;

 private:
  void (*handler_)(int) = ::signal(SIGXFSZ, SIG_IGN);
  ResourceLimit limit_;
};

}  // namespace sonde

// UndefinedBehaviorSanitizer looks at memory through a pipe, and takes the lack of one for a fault
// (sanitizer_posix.cpp).
#if SONDE_ADDRESS_SANITIZER
#define SONDE_NEED_DESCRIPTOR_LIMIT() \
  GTEST_SKIP() << "SKIP descriptors: UndefinedBehaviorSanitizer needs some"
#else
#define SONDE_NEED_DESCRIPTOR_LIMIT() (void)0
#endif
