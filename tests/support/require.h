// SPDX-License-Identifier: Apache-2.0
// Capabilities a test needs. Missing: the test is skipped and says what is missing, or fails
// where SONDE_REQUIRE (comma separated: bpf,perf,qemu) names it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace sonde {

inline bool is_required(const std::string& capability) {
  const char* required = std::getenv("SONDE_REQUIRE");  // NOLINT(concurrency-mt-unsafe)
  if (required == nullptr) return false;
  return ("," + std::string(required) + ",").find("," + capability + ",") != std::string::npos;
}

}  // namespace sonde

// Ends the test unless it runs as root, as every test of BPF does.
#define SONDE_NEED_ROOT()                                            \
  if (::geteuid() != 0) {                                            \
    ASSERT_FALSE(::sonde::is_required("bpf")) << "root is required"; \
    GTEST_SKIP() << "needs root";                                    \
  }

// Ends the test (fixture SetUp or test body) unless BPF programs can be loaded here.
#define SONDE_NEED_BPF()                                                             \
  if (::geteuid() != 0 || ::access("/sys/kernel/btf/vmlinux", R_OK) != 0) {          \
    ASSERT_FALSE(::sonde::is_required("bpf")) << "root and kernel BTF are required"; \
    GTEST_SKIP() << "needs root and kernel BTF";                                     \
  }
