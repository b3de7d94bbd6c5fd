// SPDX-License-Identifier: Apache-2.0
// Names file offsets as the agent does, and says how long it took:
//   names_bench FILE <offsets >names
// Offsets come ascending, decimal, one a line; each name goes to stdout. The last line of stderr:
// milliseconds of the first call (the worker reads the file), milliseconds of a call for the same
// offsets after that (the mean of some), peak memory of the worker in MiB.
#include <fcntl.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kLaterCalls = 5;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void print(const NameTable& table) {
  for (const NameTable::Entry& entry : table.entries) {
    const bool named = entry.function != NameTable::kNoFunction;
    std::puts(named ? table.functions[entry.function].name.c_str() : "??");
  }
}

int bench(const char* path) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  std::vector<std::uint64_t> offsets;
  for (std::uint64_t offset = 0; std::cin >> offset;) offsets.push_back(offset);
  auto client = SymbolizerClient::start(
      {.cache_dir = {}, .executable = SONDE_WORKER_PROGRAM, .arguments = {}});
  if (!fd || !client) {
    std::fprintf(stderr, "%s: no file, or no worker\n", path);
    return 1;
  }
  const NameRequest request{.fd = fd.get(), .offsets = offsets, .root = {}, .path = {}};
  double first = 0;
  double later = 0;
  Result<NameTable> names = NameTable{};
  for (int call = 0; call <= kLaterCalls; ++call) {
    const auto begin = Clock::now();
    names = (*client)->names(request);
    (call == 0 ? first : later) += milliseconds_since(begin);
    if (!names) {
      std::fprintf(stderr, "%s: %s\n", path, names.error().message.c_str());
      return 1;
    }
  }
  print(*names);
  const double mib =
      static_cast<double>((*client)->counters().worker_peak_rss_bytes) / double{1U << 20};
  std::fprintf(stderr, "%.3f %.3f %.1f\n", first, later / kLaterCalls, mib);
  return 0;
}

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: names_bench FILE <offsets\n");
    return 2;
  }
  return sonde::bench(argv[1]);
}
