// SPDX-License-Identifier: Apache-2.0
// Prints how long the symbolizer needs for the unwind rows and the names of files:
//   rows_bench [--repeat N] FILE...
// cold = no row file on disk; cached = the second client start, from the disk cache.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

struct Run {
  double milliseconds = 0;
  std::size_t rows = 0;
  std::uint64_t unsupported = 0;
};

// One client start, then the rows of the file.
Result<Run> run(const std::string& cache, int fd, bool expect_hit) {
  auto client = SymbolizerClient::start(
      {.cache_dir = cache, .executable = SONDE_WORKER_PROGRAM, .arguments = {}});
  if (!client) return client.error();
  // Let the worker finish starting: start-up is not part of the figure.
  const UniqueFd warm(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  if (auto info = (*client)->describe(warm.get()); !info) return info.error();
  const auto begin = Clock::now();
  auto table = (*client)->rows(fd);
  const double elapsed = milliseconds_since(begin);
  if (!table) return table.error();
  if (expect_hit != ((*client)->counters().cache_hits == 1)) {
    return Error{ErrorCode::kInternal, "the disk cache did not do what this run measures"};
  }
  return Run{elapsed, table->rows.size(), table->unsupported_rows};
}

int bench(const std::string& path, int repeat) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    std::fprintf(stderr, "%s: cannot be opened\n", path.c_str());
    return 1;
  }
  const auto cache =
      std::filesystem::temp_directory_path() / ("sonde-rows-bench-" + std::to_string(::getpid()));
  std::vector<double> cold;
  std::vector<double> cached;
  Run last;
  for (int i = 0; i < repeat; ++i) {
    std::filesystem::remove_all(cache);
    for (const bool hit : {false, true}) {
      auto result = run(cache, fd.get(), hit);
      if (!result) {
        std::fprintf(stderr, "%s: %s\n", path.c_str(), result.error().message.c_str());
        return 1;
      }
      last = *result;
      (hit ? cached : cold).push_back(result->milliseconds);
    }
  }
  std::filesystem::remove_all(cache);
  const double rows_per_second = static_cast<double>(last.rows) / median(cold) * 1000;
  std::printf(
      "%s: %zu rows, %llu unsupported; cold %.1f ms (min %.1f) = %.1f M rows/s; "
      "cached %.1f ms (min %.1f); %d runs\n",
      path.c_str(), last.rows, static_cast<unsigned long long>(last.unsupported), median(cold),
      std::ranges::min(cold), rows_per_second / 1e6, median(cached), std::ranges::min(cached),
      repeat);
  return 0;
}

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  int repeat = 5;
  int failed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--repeat" && i + 1 < argc) {
      repeat = std::max(1, std::atoi(argv[++i]));
    } else {
      failed |= sonde::bench(argument, repeat);
    }
  }
  return failed;
}
