// SPDX-License-Identifier: Apache-2.0
// The real worker for tests of those that ask it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// A client with a worker of its own and no cache; the test has failed if it is null.
inline std::unique_ptr<SymbolizerClient> start_real_worker() {
  SymbolizerClient::Options options;
  options.executable = SONDE_WORKER_PROGRAM;
  auto client = SymbolizerClient::start(options);
  EXPECT_TRUE(client.ok());
  return client ? std::move(*client) : nullptr;
}

}  // namespace sonde
