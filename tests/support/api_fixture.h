// SPDX-License-Identifier: Apache-2.0
// The whole API over a history of a few windows: what its tests ask.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/store/profile_reader.h"
#include "agent/web/api.h"
#include "agent/web/http_message.h"
#include "agent/web/router.h"
#include "core/base/json.h"
#include "tests/support/read_history.h"

namespace sonde {

inline AgentFacts facts_of_a_test() {
  AgentFacts facts;
  facts.host = "node-1";
  facts.version = "0.1.0";
  facts.build = "g++ 12, clang 14";
  facts.kernel = "6.1.0";
  facts.started_ns = kBeginNs - kTenSeconds;
  facts.pid = 4011;
  facts.cpu_count = 2;
  facts.rate_hz = 19;
  facts.divisor = 2;
  facts.history_limit_bytes = 512 << 20;
  facts.ready = true;
  facts.degraded = {{"kernel_names", "EPERM", "grant CAP_SYSLOG"}};
  facts.budgets = {
      {.name = "cpu", .unit = "percent", .now = 0.27, .limit = 1, .peak = 0.41, .words = "words"}};
  facts.exporters = {{.name = "pyroscope", .state = "up", .answer = {}}};
  facts.programs = {{.name = "cpu_sample",
                     .hook = "perf event, 2 CPUs",
                     .runs_per_s = 38,
                     .ns_per_run = 3'410,
                     .cpu_percent = 0.013,
                     .state = "ok",
                     .words = {}}};
  facts.capabilities = {"bpf"};
  facts.features = {"bpf_loop"};
  facts.symbols = {.full = 198, .dynamic = 11, .none = 3};
  return facts;
}

// Six windows from kBeginNs on; in each `web` (pids 10 and 11, pods a and b) 6 + 2 samples, of
// which 1 has a cut stack, and from the third on `cron` (pid 12) 1, and what the kernel charged; 2
// samples lost in the kernel. The seventh is open. The clock stands 3 s into it.
inline ClosedWindow window_of_a_test(std::uint64_t number) {
  WindowBuilder window(number);
  const ImageId app = window.image({"/usr/bin/web", "5d1e", std::string(64, 'a'), false});
  const ImageId cron = window.image({"/usr/sbin/cron", "", std::string(64, 'b'), false});
  const auto labels = [](const char* process, const char* pid, const char* image) {
    return Labels{{"process", process}, {"pid", pid}, {"image", image}};
  };
  Labels one = labels("web", "10", "/usr/bin/web");
  one["pod"] = "a";
  one["cgroup"] = "/pods/a";
  Labels two = labels("web", "11", "/usr/bin/web");
  two["pod"] = "b";
  two["cgroup"] = "/pods/b";
  const auto first = window.process(10, one, app);
  const auto second = window.process(11, two, app);
  const FrameWord main = with_image(0x100, app);
  const FrameWord work = with_image(0x200, app);
  window.stack(first, {work, main}, 5);
  window.stack(first, {work}, 1, SONDE_STOP_NO_ROW, app);
  window.stack(second, {SONDE_KERNEL_FRAME(0xffffffff81000010), work, main}, 2);
  if (number >= 2) {
    window.stack(window.process(12, labels("cron", "12", "/usr/sbin/cron"), cron),
                 {with_image(0x100, cron)}, 1);
  }
  if (number >= 2) {
    window.window().charges =
        CpuCharges{.host_ns = 500'000'000,
                   .source = "cpu.stat",
                   .cgroups = {{"/pods/a", 320'000'000}, {"/pods/b", 110'000'000}}};
  }
  window.meta().lost["ring_full"] = 2;
  window.meta().notes["ticks_slept"] = 4;
  return window.done(300);
}

class ApiTest : public ReadHistoryTest {
 protected:
  static constexpr std::uint64_t kWindows = 6;

  void SetUp() override {
    ReadHistoryTest::SetUp();
    add_name(std::string(64, 'a'), 0x100, {"main", "main", 0xf0});
    add_name(std::string(64, 'a'), 0x200, {"app::work(int)", "_ZN3app4workEi", 0x1f0});
    add_name(std::string(64, 'b'), 0x100, {"", "no_symbols", 0xe0});
    add_name(std::string(64, 'c'), 0xffffffff81000010, {"schedule", "", 0xffffffff81000000});
    for (std::uint64_t i = 0; i < kWindows; ++i) history_->add(window_of_a_test(i));
    reader_ = std::make_unique<ProfileReader>(*history_, *names_, *client_);
    facts_ = facts_of_a_test();
    facts_.open_begin_ns = kBeginNs + kWindows * kTenSeconds;
    facts_.open_samples = 9;
    add_api(router_, sources());
  }
  ApiSources sources() {
    return {.history = *history_,
            .profiles = *reader_,
            .open_windows =
                [this] {
                  return OpenWindows{{window_of_a_test(kWindows)}, open_problem_};
                },
            .facts = [this] { return facts_; },
            .boost = [this](const ProcessSelector& processes,
                            std::chrono::seconds time) -> Result<BoostFacts> {
              if (boosts_full_) return Error{ErrorCode::kResourceExhausted, "too many"};
              const auto ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(time).count());
              return BoostFacts{7, processes.text, now_ns_ + ns, 95};
            },
            .end_boost = [](std::uint64_t id) { return id == 7; },
            .now_ns = [this] { return now_ns_; }};
  }

  // path  below /api/v1, with its query.
  HttpResponse ask(const std::string& path, HttpHeaders headers = {}) {
    HttpRequest request;
    request.method = "GET";
    const std::size_t question = std::min(path.find('?'), path.size());
    request.path = "/api/v1" + path.substr(0, question);
    request.query = path.substr(std::min(question + 1, path.size()));
    request.headers = std::move(headers);
    return router_.answer(request);
  }
  Json json(const std::string& path) {
    const HttpResponse response = ask(path);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    auto parsed = parse_json(response.body);
    EXPECT_TRUE(parsed.ok()) << response.body;
    return parsed ? *std::move(parsed) : Json();
  }
  // The words of a refusal.
  std::string refusal(const std::string& path, int status = 400) {
    const HttpResponse response = ask(path);
    EXPECT_EQ(response.status, status) << response.body;
    auto parsed = parse_json(response.body);
    return parsed && parsed->contains("error") ? (*parsed)["error"].get<std::string>() : "";
  }
  static std::string header(const HttpResponse& response, const std::string& name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
  // `from=MS&to=MS` from the begin of one window to that of another.
  static std::string between(std::uint64_t from, std::uint64_t to) {
    return "from=" + std::to_string(ms_of(from)) + "&to=" + std::to_string(ms_of(to));
  }
  static std::uint64_t ms_of(std::uint64_t window) {
    return (kBeginNs + window * kTenSeconds) / 1'000'000;
  }

  std::uint64_t now_ns_ = kBeginNs + kWindows * kTenSeconds + 3'000'000'000;
  AgentFacts facts_;
  std::string open_problem_;
  bool boosts_full_ = false;
  Router router_;
  std::unique_ptr<ProfileReader> reader_;
};

}  // namespace sonde
