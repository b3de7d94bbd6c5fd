// SPDX-License-Identifier: Apache-2.0
// `sonde top` on a terminal: a thread that waits for keys and for windows, and draws.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "agent/cli/screen.h"
#include "agent/cli/terminal.h"
#include "agent/cli/top_keys.h"
#include "agent/cli/top_table.h"
#include "agent/cli/top_trends.h"
#include "agent/cli/top_view.h"
#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// Local time, `14:17:12`.
std::string clock_text(std::uint64_t unix_ns);

// Thread-safe.
class TopUi {
 public:
  // screen  outlives the thread, which alone draws on it.
  // in      where keys come from.
  // about   its limits and the length of windows are shown.
  TopUi(const Screen& screen, int in, ColourChoice colour, const TopState& state, TopScreen about);
  ~TopUi() { stop(); }
  TopUi(const TopUi&) = delete;
  TopUi& operator=(const TopUi&) = delete;

  // Ends the thread: the screen is not used any more.
  void stop();

  // The newest window. Returns at once.
  void show(std::shared_ptr<const TopWindow> window);

  // The user wants to leave, or the terminal is gone: `problem` says why.
  [[nodiscard]] bool quits() const { return quits_.load(); }
  // Precondition: quits().
  [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

 private:
  void run();
  void take_window();
  bool take_keys();
  bool draw();

  const Screen& screen_;
  const int in_;
  const ColourChoice colour_;
  TopScreen about_;
  TopState state_;
  TopTrends trends_;
  std::shared_ptr<const TopWindow> window_;
  std::optional<Error> problem_;
  std::atomic<bool> quits_{false};

  std::mutex mutex_;
  std::shared_ptr<const TopWindow> newest_;
  bool ends_ = false;
  UniqueFd woken_;
  std::thread thread_;
};

}  // namespace sonde
