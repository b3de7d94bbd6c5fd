// SPDX-License-Identifier: Apache-2.0
// The stages of a session as a fixture, with real programs and tables, for tests of one of them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "agent/capture/cpu_sampler.h"
#include "agent/engine/row_loader.h"
#include "agent/engine/table_publisher.h"
#include "symbolizer/client/symbolizer_client.h"
#include "tests/support/real_worker.h"
#include "tests/support/require.h"

namespace sonde {

class SessionParts : public testing::Test {
 protected:
  void SetUp() override {
    SONDE_NEED_BPF();
    auto sampler = CpuSampler::create(sampler_options_);
    ASSERT_TRUE(sampler.ok()) << sampler.error().message;
    sampler_ = std::move(*sampler);
    auto tables = UnwindTables::create(sampler_->table_maps(), {.chunks = 1});
    ASSERT_TRUE(tables.ok());
    tables_ = std::move(*tables);
    symbolizer_ = start_real_worker();
    ASSERT_NE(symbolizer_, nullptr);
    loader_ = std::make_unique<RowLoader>(*symbolizer_);
    publisher_ = std::make_unique<TablePublisher>(*tables_, images_, *loader_);
  }

  CpuSamplerOptions sampler_options_{.rate_hz = 997};
  ProcReader proc_;
  ImageRegistry images_{proc_, UniqueFd{}};
  StaleCode stale_;
  ProcessTable processes_{proc_, images_, stale_};
  std::unique_ptr<CpuSampler> sampler_;
  std::unique_ptr<UnwindTables> tables_;
  std::unique_ptr<SymbolizerClient> symbolizer_;
  std::unique_ptr<RowLoader> loader_;
  std::unique_ptr<TablePublisher> publisher_;
};

}  // namespace sonde
