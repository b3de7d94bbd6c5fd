// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_walk.h"

#include <fmt/format.h>

namespace sonde {
namespace {

bool begins_in(const HistoryRange& range, const ClosedWindow& window) {
  return window.meta.begin_ns >= range.begin_ns && window.meta.begin_ns < range.end_ns;
}

}  // namespace

Result<std::vector<std::string>> walk_windows(
    History& history, const WindowWalk& walk,
    const std::function<void(const ClosedWindow&)>& visit) {
  const auto windows = history.windows(walk.range);
  if (!windows) return windows.error();
  std::size_t failed = 0;
  std::size_t visited = 0;
  std::string why;
  for (const HistoryWindow& known : *windows) {
    if (std::chrono::steady_clock::now() >= walk.deadline) {
      return Error{ErrorCode::kDeadlineExceeded,
                   fmt::format("read {} of {} windows in the time there is: ask for less", visited,
                               windows->size())};
    }
    ++visited;
    const auto window = history.load(known);
    if (window) {
      visit(*window);
    } else {
      if (failed++ == 0) why = window.error().message;
    }
  }
  for (const ClosedWindow& open : walk.open) {
    if (begins_in(walk.range, open) && !has_window(*windows, open.meta.begin_ns)) visit(open);
  }
  std::vector<std::string> problems;
  if (failed > 0) {
    problems.push_back(
        fmt::format("{} of {} windows could not be read: {}", failed, windows->size(), why));
  }
  return problems;
}

std::vector<bool> chosen_targets(const ClosedWindow& window,
                                 const std::vector<LabelMatcher>& matchers) {
  std::vector<bool> chosen;
  chosen.reserve(window.targets.size());
  for (const Labels& labels : window.targets) chosen.push_back(matches_all(matchers, labels));
  return chosen;
}

}  // namespace sonde
