// SPDX-License-Identifier: Apache-2.0
// list_history FOLDER: reads a whole history that no agent has open, and prints as JSON each window
// it holds (begin, end and CPU time in ns, samples, books, notes) and what could not be read.
#include <cstdio>
#include <string>

#include "agent/store/history.h"
#include "core/base/json.h"

namespace sonde {
namespace {

Json window_json(const ClosedWindow& window) {
  const ProfileMeta& meta = window.meta;
  std::uint64_t cpu_ns = 0;
  for (const WindowStack& stack : window.window.stacks) cpu_ns += stack.cpu_ns;
  return {{"begin", meta.begin_ns},
          {"end", meta.begin_ns + meta.duration_ns},
          {"rate", meta.rate_hz},
          {"samples", window.window.samples},
          {"cpu_ns", cpu_ns},
          {"expected", meta.ticks.expected},
          {"missed", meta.ticks.missed},
          {"idle", meta.ticks.idle},
          {"filtered", meta.ticks.filtered},
          {"thinned", meta.ticks.thinned},
          {"emitted", meta.ticks.emitted},
          {"lost", meta.lost},
          {"notes", meta.notes}};
}

int list(const std::string& folder) {
  HistoryOptions options;
  options.journal.directory = folder;
  auto history = History::open(options);
  if (!history) {
    std::fprintf(stderr, "%s\n", history.error().message.c_str());
    return 1;
  }
  while (!(*history)->catch_up(1'000)) {
  }
  const auto found = (*history)->windows({0, ~std::uint64_t{0}});
  if (!found) {
    std::fprintf(stderr, "%s\n", found.error().message.c_str());
    return 1;
  }
  Json windows = Json::array();
  std::uint64_t unreadable = 0;
  for (const HistoryWindow& one : *found) {
    const auto window = (*history)->load(one);
    if (window) {
      windows.push_back(window_json(*window));
    } else {
      ++unreadable;
    }
  }
  const HistoryState state = (*history)->state();
  const std::uint64_t damaged =
      state.journal.lost[static_cast<std::size_t>(JournalLoss::kDamaged)] + state.refused_records;
  const Json all{{"windows", windows}, {"unreadable", unreadable}, {"damaged", damaged}};
  std::printf("%s\n", json_text(all).c_str());
  return 0;
}

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: list_history FOLDER\n", stderr);
    return 2;
  }
  return sonde::list(argv[1]);
}
