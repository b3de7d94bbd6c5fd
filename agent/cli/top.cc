// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/cli/exit_code.h"
#include "agent/cli/figures.h"
#include "agent/cli/screen.h"
#include "agent/cli/stop_signals.h"
#include "agent/cli/text.h"
#include "agent/cli/top_feed.h"
#include "agent/cli/top_json.h"
#include "agent/cli/top_ui.h"
#include "agent/engine/session.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::chrono::hours kUntilStopped{24 * 365};

std::string length_text(std::chrono::nanoseconds length) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length);
  return seconds == length ? std::to_string(seconds.count()) + " s"
                           : format_duration(static_cast<std::uint64_t>(length.count()));
}

// From start to exit code. The members are the parts that must outlive each other in this order.
class Top {
 public:
  explicit Top(const TopOptions& options)
      : options_(options),
        has_keys_(!options.json && options.count == 0 && ::isatty(STDIN_FILENO) == 1 &&
                  detect_terminal(STDOUT_FILENO, options.colour).moves) {}

  int run() {
    if (const int code = open(); code != kExitOk) return code;
    if (auto taken = take_terminal(); !taken) {
      return fail(kExitError, "cannot take the terminal over: " + taken.error().message);
    }
    const auto ran = session_->run(
        kUntilStopped, [this] { return is_over(); }, [](const SessionProgress&) {});
    give_terminal_back();
    feed_.reset();
    if (!ran) return fail(exit_code_of(ran.error()), "sampling broke off: " + ran.error().message);
    return end();
  }

 private:
  // Everything that can fail before the first sample.
  int open() {
    if (has_keys_) {
      auto guard = TerminalGuard::start(STDIN_FILENO, STDOUT_FILENO);
      if (!guard)
        return fail(kExitError, "cannot look after the terminal: " + guard.error().message);
      guard_.emplace(*std::move(guard));
    }
    take_over_signals(false);
    SymbolizerClient::Options worker;
    worker.cache_dir = options_.cache_dir;
    auto symbolizer = SymbolizerClient::start(worker);
    if (!symbolizer) return fail(exit_code_of(symbolizer.error()), symbolizer.error().message);
    symbolizer_ = *std::move(symbolizer);
    auto session = Session::create(session_options());
    if (!session) {
      return fail(exit_code_of(session.error()), "cannot sample: " + session.error().message);
    }
    session_ = *std::move(session);
    if (const auto started = session_->start(); !started) {
      return fail(exit_code_of(started.error()), "cannot sample: " + started.error().message);
    }
    return kExitOk;
  }

  [[nodiscard]] SessionOptions session_options() {
    SessionOptions out;
    out.rate_hz = options_.rate_hz;
    out.window_ns = static_cast<std::uint64_t>(options_.window.count());
    out.symbolizer = symbolizer_.get();
    out.on_window = [this](EndedWindow&& window) {
      if (feed_) feed_->take(std::move(window));
    };
    return out;
  }

  Result<void> take_terminal() {
    TopScreen about{.height = 24,
                    .has_keys = has_keys_,
                    .clock = {},
                    .length = length_text(options_.window),
                    .limits = session_->capabilities().limits};
    if (has_keys_) {
      auto screen = Screen::open(STDIN_FILENO, STDOUT_FILENO, *guard_);
      if (!screen) return screen.error();
      screen_ = *std::move(screen);
      const TopState state{.by = options_.by, .sort = options_.sort, .kernel = options_.kernel};
      ui_ = std::make_unique<TopUi>(*screen_, STDIN_FILENO, options_.colour, state, about);
    }
    feed_ = std::make_unique<TopFeed>(*symbolizer_,
                                      static_cast<std::uint64_t>(options_.window.count()) / 2,
                                      [this, about](std::shared_ptr<const TopWindow> window) {
                                        if (!ui_ && is_over()) return;
                                        shown_.fetch_add(1);
                                        if (ui_) return ui_->show(std::move(window));
                                        print(*window, about);
                                      });
    return {};
  }

  void give_terminal_back() {
    if (ui_) ui_->stop();
    screen_.reset();
  }

  bool is_over() {
    return stop_requested() || (ui_ && ui_->quits()) || has_failed_.load() ||
           (options_.count > 0 && shown_.load() >= options_.count);
  }

  // By the feed's thread.
  void print(const TopWindow& window, TopScreen about) {
    std::string text;
    if (options_.json) {
      Json frame = top_json(window, options_.by, options_.sort, options_.kernel);
      frame["degraded"] = about.limits;
      text = json_text(frame) + "\n";
    } else {
      if (shown_.load() > 1) text.push_back('\n');
      const TopState state{.by = options_.by, .sort = options_.sort, .kernel = options_.kernel};
      const ProfileMeta& meta = window.profile.meta;
      about.clock = clock_text(meta.begin_ns + meta.duration_ns);
      trends_.add(window, options_.kernel);
      const Pen pen(detect_terminal(STDOUT_FILENO, options_.colour));
      for (const std::string& line : top_lines(window, trends_, state, about, pen)) {
        text.append(line).append("\n");
      }
    }
    if (const auto written = write_all(STDOUT_FILENO, text); !written) {
      problem_ = written.error();
      has_failed_.store(true);
    }
  }

  int end() {
    if (has_failed_.load()) {
      return fail(kExitError, "cannot write to stdout: " + problem_->message);
    }
    if (ui_ && ui_->quits() && ui_->problem() && !stop_requested()) {
      return fail(kExitError, "the terminal is gone: " + ui_->problem()->message);
    }
    if (stop_requested() && shown_.load() == 0) {
      return fail(kExitInterrupted, "stopped before the first window");
    }
    return is_degraded(session_->capabilities(), options_.kernel, true) ? kExitDegraded : kExitOk;
  }

  const TopOptions& options_;
  const bool has_keys_;
  std::optional<TerminalGuard> guard_;
  std::unique_ptr<SymbolizerClient> symbolizer_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Screen> screen_;
  std::unique_ptr<TopUi> ui_;
  TopTrends trends_;
  std::atomic<std::uint32_t> shown_{0};
  std::atomic<bool> has_failed_{false};
  std::optional<Error> problem_;
  std::unique_ptr<TopFeed> feed_;
};

}  // namespace

int run_top(const TopOptions& options) { return Top(options).run(); }

}  // namespace sonde
