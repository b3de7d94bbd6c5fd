// SPDX-License-Identifier: Apache-2.0
// A directory of one test, removed with everything in it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

namespace sonde {

class TemporaryDirectory {
 public:
  TemporaryDirectory() { std::filesystem::create_directories(path_); }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  static std::string unique_name() {
    static std::atomic<unsigned> count = 0;
    return "sonde_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  }
  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / unique_name();
};

}  // namespace sonde
