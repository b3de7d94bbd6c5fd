// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/vdso.h"

#include <gtest/gtest.h>

#include "symbolizer/client/symbolizer_client.h"

namespace sonde {
namespace {

TEST(VdsoTest, TheVdsoHasRowsLikeAnyFile) {
  const auto fd = vdso_file();
  ASSERT_TRUE(fd.ok()) << fd.error().message;
  SymbolizerClient::Options options;
  options.executable = SONDE_WORKER_PROGRAM;
  auto client = SymbolizerClient::start(options);
  ASSERT_TRUE(client.ok());
  const auto rows = (*client)->rows(fd->get());
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_GT(rows->rows.size(), 4U);
  EXPECT_TRUE((*client)->describe(fd->get())->has_symbols());
}

}  // namespace
}  // namespace sonde
