// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/row_loader.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "core/base/fd.h"

namespace sonde {
namespace {

TEST(RowLoaderTest, OnlyWhatWaitsCanBeCancelled) {
  SymbolizerClient::Options options;
  options.executable = SONDE_WORKER_PROGRAM;
  auto client = SymbolizerClient::start(options);
  ASSERT_TRUE(client.ok()) << client.error().message;
  const UniqueFd large(::open("/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1", O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(large) << "libLLVM-14 comes with clang";
  const UniqueFd small(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  RowLoader loader(**client);
  loader.request(ImageId{1}, large.get());
  loader.request(ImageId{2}, small.get());
  loader.request(ImageId{3}, small.get());
  EXPECT_TRUE(loader.cancel(ImageId{2}));
  EXPECT_TRUE(loader.cancel(ImageId{4})) << "never asked for";
  while (!loader.idle()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(loader.cancel(ImageId{3})) << "its answer waits";
  const std::vector<LoadedRows> answers = loader.take();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].image, ImageId{1});
  EXPECT_EQ(answers[1].image, ImageId{3});
  EXPECT_TRUE(loader.cancel(ImageId{3}));
}

}  // namespace
}  // namespace sonde
