// SPDX-License-Identifier: Apache-2.0
// A history, its names and the real worker, to be read: what the readers' tests start from.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/store/history.h"
#include "agent/store/name_keeper.h"
#include "core/model/closed_window.h"
#include "symbolizer/client/symbolizer_client.h"
#include "tests/support/closed_window_sample.h"
#include "tests/support/real_worker.h"
#include "tests/support/temporary_directory.h"

namespace sonde {

inline constexpr std::uint64_t kBeginNs = 1'700'000'000'000'000'000;  // of window 0
inline constexpr std::uint64_t kTenSeconds = 10'000'000'000;
inline constexpr std::uint64_t kTickNs = 52'631'579;  // 19 Hz
inline constexpr HistoryRange kAllOfHistory{0, ~std::uint64_t{0}};

// Builds a window as the agent closes them. Thread-confined.
class WindowBuilder {
 public:
  explicit WindowBuilder(std::uint64_t number) {
    window_.meta.host = "node-1";
    window_.meta.kernel = "6.1.0";
    window_.meta.version = "0.1.0";
    window_.meta.cpu_count = 2;
    window_.meta.rate_hz = 19;
    window_.meta.begin_ns = kBeginNs + number * kTenSeconds;
    window_.meta.duration_ns = kTenSeconds;
    window_.boot_id = "1f3c8a52-7f0e-4e57-9b7c-3a8d0f3f5b11";
    window_.kernel_content = std::string(64, 'c');
  }

  ImageId image(const ImageIdentity& image) {
    window_.images.push_back(image);
    return static_cast<ImageId>(window_.images.size() - 1);
  }
  std::uint32_t process(std::uint32_t pid, const Labels& labels,
                        ImageId executable = ImageId::kNone, std::uint32_t made_code = 0) {
    window_.window.processes.push_back(
        {.tgid = pid,
         .start_ticks = pid,
         .name = labels.contains("process") ? labels.at("process") : "",
         .executable = executable});
    window_.target_of_process.push_back(static_cast<std::uint32_t>(window_.targets.size()));
    window_.targets.push_back(labels);
    window_.made_code_of_process.push_back(made_code);
    return static_cast<std::uint32_t>(window_.window.processes.size() - 1);
  }
  void stack(std::uint32_t process, std::vector<FrameWord> frames, std::uint64_t samples = 1,
             std::uint16_t stop = SONDE_STOP_COMPLETE, ImageId stop_image = ImageId::kNone) {
    window_.window.stacks.push_back({.process = process,
                                     .stop = stop,
                                     .stop_image = stop_image,
                                     .samples = samples,
                                     .cpu_ns = samples * kTickNs,
                                     .frames = std::move(frames)});
    window_.window.samples += samples;
  }
  ProfileMeta& meta() { return window_.meta; }
  ClosedWindow& window() { return window_; }
  // With books that balance: `idle` further ticks, and what `meta().lost` says.
  ClosedWindow done(std::uint64_t idle = 0) {
    TickLedger& ticks = window_.meta.ticks;
    const auto lost = [&](const char* reason) {
      const auto found = window_.meta.lost.find(reason);
      return found == window_.meta.lost.end() ? 0 : found->second;
    };
    std::uint64_t all = 0;
    for (const auto& [reason, samples] : window_.meta.lost) all += samples;
    ticks.idle = idle;
    ticks.missed = lost("missed");
    ticks.emitted = window_.window.samples + all - ticks.missed - lost("ring_full");
    ticks.run = idle + ticks.emitted + lost("ring_full");
    ticks.expected = ticks.run + ticks.missed;
    return window_;
  }

 private:
  ClosedWindow window_;
};

class ReadHistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = start_real_worker();
    ASSERT_NE(client_, nullptr);
    auto archive = NameArchive::open(base_.path() / "names", 1 << 20);
    ASSERT_TRUE(archive.ok());
    names_ = std::make_unique<NameKeeper>(std::move(*archive), *client_);
    auto history = History::open({.journal = {.directory = base_.path() / "history"}});
    ASSERT_TRUE(history.ok());
    history_ = std::move(*history);
  }
  void add_name(const std::string& content, std::uint64_t offset, const StoredFunction& function) {
    const NamedOffset named{offset, function};
    names_->add(content, std::span(&named, 1), 1);
  }

  TemporaryDirectory base_;
  std::unique_ptr<SymbolizerClient> client_;
  std::unique_ptr<NameKeeper> names_;
  std::unique_ptr<History> history_;
};

}  // namespace sonde
