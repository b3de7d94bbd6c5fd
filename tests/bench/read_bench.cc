// SPDX-License-Identifier: Apache-2.0
// Prints how long answers of the API take over hours of invented windows:
//   read_bench DIRECTORY [HOURS]
// Each window has 300 stacks of 20 to 50 frames, out of 20,000 that a node may have (a few of them
// often, most of them seldom), of 50 processes, 40 files and 12,000 addresses. The history and its
// names are made in DIRECTORY, which must not exist.
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "agent/store/profile_reader.h"
#include "agent/web/api.h"
#include "agent/web/router.h"
#include "core/base/json.h"

namespace sonde {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kBeginNs = 1'700'000'000'000'000'000;
constexpr std::uint64_t kWindowNs = 10'000'000'000;
constexpr std::uint32_t kImages = 40;
constexpr std::uint32_t kProcesses = 50;
constexpr std::uint32_t kOffsets = 300;  // by image
constexpr std::uint32_t kStacks = 20'000;
constexpr std::uint32_t kStacksOfWindow = 300;

std::string content_of(std::uint32_t image) {
  std::string content = std::to_string(image);
  return std::string(64 - content.size(), 'a') + content;
}

// The stacks of the node: process and frames; the image of a frame is one of its process's.
struct NodeStack {
  std::uint32_t process = 0;
  std::vector<FrameWord> frames;
};

std::vector<NodeStack> stacks_of_node(std::mt19937& random) {
  std::vector<NodeStack> out(kStacks);
  for (NodeStack& stack : out) {
    stack.process = static_cast<std::uint32_t>(random() % kProcesses);
    // Callers are shared by many stacks, leaves by few.
    const std::size_t depth = 20 + random() % 31;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::uint32_t spread = i < 8 ? kOffsets : 1 + static_cast<std::uint32_t>(depth - i) / 8;
      const std::size_t image = 1 + (stack.process + (i < 8 ? random() % 8 : i % 3)) % kImages;
      const std::uint64_t offset = 0x1000 + 64 * ((i < 8 ? 0 : i * 5) + random() % spread);
      stack.frames.push_back(with_image(offset, static_cast<ImageId>(image)));
    }
  }
  return out;
}

ClosedWindow window_of(const std::vector<NodeStack>& stacks, std::uint64_t number,
                       std::mt19937& random) {
  ClosedWindow out;
  out.meta.host = "bench";
  out.meta.cpu_count = 2;
  out.meta.rate_hz = 19;
  out.meta.begin_ns = kBeginNs + number * kWindowNs;
  out.meta.duration_ns = kWindowNs;
  for (std::uint32_t i = 1; i <= kImages; ++i) {
    out.images.push_back({"/usr/lib/lib" + std::to_string(i) + ".so", "", content_of(i), false});
  }
  for (std::uint32_t i = 0; i < kProcesses; ++i) {
    out.window.processes.push_back({.tgid = 1'000 + i,
                                    .start_ticks = i,
                                    .name = "process-" + std::to_string(i / 2),
                                    .executable = static_cast<ImageId>(1 + i % kImages)});
    out.targets.push_back({{"process", "process-" + std::to_string(i / 2)},
                           {"pid", std::to_string(1'000 + i)},
                           {"cgroup", "/system.slice/unit-" + std::to_string(i / 5) + ".service"}});
    out.target_of_process.push_back(i);
    out.made_code_of_process.push_back(0);
  }
  std::exponential_distribution<double> often(12.0 / kStacks);
  for (std::uint32_t i = 0; i < kStacksOfWindow; ++i) {
    const auto chosen = static_cast<std::size_t>(often(random) * 4) % kStacks;
    const std::uint64_t samples = 1 + random() % 3;
    out.window.stacks.push_back({.process = stacks[chosen].process,
                                 .samples = samples,
                                 .cpu_ns = samples * 52'631'579,
                                 .frames = stacks[chosen].frames});
    out.window.samples += samples;
  }
  return out;
}

void add_names(NameKeeper& names) {
  for (std::uint32_t image = 1; image <= kImages; ++image) {
    std::vector<NamedOffset> named;
    for (std::uint64_t i = 0; i < 2 * kOffsets; ++i) {
      const std::string name =
          "library" + std::to_string(image) + "::function_" + std::to_string(i);
      named.emplace_back(0x1000 + 64 * i, StoredFunction{name, "_ZN" + name, 0x1000 + 64 * i});
    }
    names.add(content_of(image), named, 1);
  }
  names.flush(1, true);
}

double peak_rss_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double rss_mib() {
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * 4096 / (1 << 20);
}

// Of all threads so far: other loads of the machine do not change it much.
double cpu_ms() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

void ask(const Router& router, const std::string& path, const std::string& query) {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.query = query;
  const auto begin = Clock::now();
  const double cpu_begin = cpu_ms();
  const HttpResponse response = router.answer(request);
  const double ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  const double cpu = cpu_ms() - cpu_begin;
  std::printf("%-12s %4d  %9.1f ms, CPU %9.1f ms  %8.1f KiB  RSS %.0f MiB, peak %.0f MiB\n",
              path.c_str() + 8, response.status, ms, cpu,
              static_cast<double>(response.body.size()) / 1024, rss_mib(), peak_rss_mib());
  std::fflush(stdout);
}

int run(const std::string& directory, std::uint64_t windows) {
  SymbolizerClient::Options options;
  options.executable = SONDE_WORKER_PROGRAM;
  options.arguments = {};
  auto client = SymbolizerClient::start(options);
  auto history = History::open({.journal = {.directory = directory + "/history"}});
  auto archive = NameArchive::open(directory + "/names", std::uint64_t{64} << 20);
  if (!client || !history || !archive) return 1;
  NameKeeper names(std::move(*archive), **client);
  add_names(names);
  std::mt19937 random(1);
  const std::vector<NodeStack> stacks = stacks_of_node(random);
  for (std::uint64_t i = 0; i < windows; ++i) (*history)->add(window_of(stacks, i, random));
  while (!(*history)->catch_up(1'000)) continue;
  std::printf("%llu windows, %.1f MiB on the disk\n", static_cast<unsigned long long>(windows),
              static_cast<double>((*history)->state().disk_bytes) / (1 << 20));
  ProfileReader reader(**history, names, **client);
  Router router;
  add_api(router, {.history = **history,
                   .profiles = reader,
                   .open_windows = [] { return OpenWindows(); },
                   .facts = [] { return AgentFacts{}; }});
  const std::string range = "from=" + std::to_string(kBeginNs / 1'000'000) +
                            "&to=" + std::to_string((kBeginNs + windows * kWindowNs) / 1'000'000);
  ask(router, "/api/v1/flame", range);
  ask(router, "/api/v1/flame", range);
  ask(router, "/api/v1/series", range);
  ask(router, "/api/v1/series", range + "&g=process&points=60");
  ask(router, "/api/v1/labels", range);
  ask(router, "/api/v1/health", range);
  ask(router, "/api/v1/profile", range + "&format=pprof");
  ask(router, "/api/v1/status", "");
  return 0;
}

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: read_bench DIRECTORY [HOURS]\n");
    return 2;
  }
  const std::uint64_t hours = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 6;
  return sonde::run(argv[1], hours * 360);
}
