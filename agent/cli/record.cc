// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/record.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/cli/exit_code.h"
#include "agent/cli/figures.h"
#include "agent/cli/held_command.h"
#include "agent/cli/output_file.h"
#include "agent/cli/profile_json.h"
#include "agent/cli/progress.h"
#include "agent/cli/stop_signals.h"
#include "agent/cli/summary.h"
#include "agent/cli/target_watch.h"
#include "agent/cli/text.h"
#include "agent/engine/session.h"
#include "core/base/clock.h"
#include "core/base/file.h"

namespace sonde {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kDefaultDuration = std::chrono::seconds(10);
constexpr nanoseconds kUntilStopped = std::chrono::hours(24 * 365);
constexpr std::size_t kTopRows = 20;
constexpr std::string_view kStoppedEarly = "stopped before the first sample; nothing was written";

// What is recorded, in a few words for the progress line.
std::string subject_of(const RecordOptions& options, const Pen& pen) {
  constexpr std::size_t kName = 24;
  if (!options.command.empty()) {
    const std::string& path = options.command.front();
    return pen.name(path.substr(path.rfind('/') + 1), kName);
  }
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (options.pids.size() == 1) add("process " + std::to_string(options.pids[0]));
  if (options.pids.size() > 1) add(format_count(options.pids.size()) + " processes");
  if (options.cgroup) add("cgroup " + pen.name(*options.cgroup, kName));
  if (options.comm) add("threads " + pen.name(*options.comm, kName));
  return out.empty() ? "all processes" : out;
}

// One recording from start to exit code. The members are the parts that must outlive each other
// in this order.
class Recording {
 public:
  explicit Recording(const RecordOptions& options)
      : options_(options), errors_(detect_terminal(2, options.colour)) {}

  int run() {
    if (const int code = prepare(); code != kExitOk) return code;
    const std::uint64_t began_ns = monotonic_ns();
    if (const int code = record(); code != kExitOk) return code;
    stopped_after_ns_ = monotonic_ns() - began_ns;
    auto profile = session_->finish();
    if (!profile) {
      fail(kExitError, "cannot read the recording: " + profile.error().message);
      return end_with(exit_code_of(profile.error()));
    }
    return end_with(present(*profile));
  }

 private:
  // Everything that can fail before the first sample.
  int prepare() {
    if (!options_.output.empty()) {
      auto output = OutputFile::open(options_.output);
      if (!output) return fail(kExitError, output.error().message);
      output_.emplace(*std::move(output));
      remove_when_quitting(output_->temporary());
    }
    if (!options_.pids.empty()) {
      auto watch = TargetWatch::create(options_.pids);
      if (!watch) return fail(kExitError, watch.error().message);
      watch_.emplace(*std::move(watch));
    }
    if (!options_.command.empty()) {
      auto command = HeldCommand::fork_held(options_.command);
      if (!command) return fail(kExitError, "cannot start the command: " + command.error().message);
      command_.emplace(*std::move(command));
    }
    take_over_signals(command_.has_value());
    auto session = Session::create(session_options());
    if (!session)
      return fail(exit_code_of(session.error()), "cannot record: " + session.error().message);
    session_ = *std::move(session);
    return kExitOk;
  }

  [[nodiscard]] SessionOptions session_options() const {
    SessionOptions out;
    out.rate_hz = options_.rate_hz;
    out.pids = options_.pids;
    if (command_) out.pids = {static_cast<std::uint32_t>(command_->pid())};
    out.cgroup = options_.cgroup;
    out.comm = options_.comm;
    out.kernel_stacks = options_.kernel;
    out.kernel_threads = options_.kernel;
    out.max_rows = options_.max_rows;
    out.max_ranges = options_.max_ranges;
    out.cache_dir = options_.cache_dir;
    return out;
  }

  // From the start of the clock to its end.
  int record() {
    if (stop_requested()) return fail(kExitInterrupted, kStoppedEarly);
    if (const auto started = session_->start(); !started) {
      return fail(exit_code_of(started.error()), "cannot record: " + started.error().message);
    }
    for (const std::string& limit : session_->capabilities().limits) tell("! " + limit);
    if (command_) {
      if (const int code = release_command(); code != kExitOk) return code;
    }
    std::optional<nanoseconds> duration = options_.duration;
    if (!duration && !command_) duration = kDefaultDuration;
    Progress progress(subject_of(options_, errors_), options_.rate_hz, duration, errors_);
    const std::uint64_t began_ns = monotonic_ns();
    progress.update(nanoseconds(0), 0, 0);
    const auto ran = session_->run(
        duration.value_or(kUntilStopped), [&] { return is_over(); },
        [&](const SessionProgress& now) {
          progress.update(nanoseconds(monotonic_ns() - began_ns), now.samples, now.lost);
        });
    progress.finish();
    if (!ran) {
      fail(kExitError, "the recording broke off: " + ran.error().message);
      return end_with(exit_code_of(ran.error()));
    }
    return kExitOk;
  }

  int release_command() {
    pass_signals_to(command_->pid());
    const auto released = command_->release();
    if (released) return kExitOk;
    const Error& error = released.error();
    if (error.code == ErrorCode::kAborted) return kExitInterrupted;
    return fail(error.code == ErrorCode::kNotFound ? kExitCommandNotFound : kExitCannotExecute,
                error.message);
  }

  bool is_over() {
    if (stop_requested()) return true;
    if (command_ && command_->poll()) {
      pass_signals_to(0);  // its process id may soon be another's
      return true;
    }
    if (watch_ && watch_->all_gone(monotonic_ns())) targets_gone_ = true;
    return targets_gone_;
  }

  // Writes the file and prints what was recorded.
  int present(const SymbolizedProfile& profile) {
    const ProfileSums sums(profile);
    const bool interrupted = stop_requested() && sums.stacks.all.samples == 0;
    if (interrupted && !command_) {
      return fail(kExitInterrupted, kStoppedEarly);
    }
    if (targets_gone_) tell(gone_text());
    std::string wrote;
    const auto written = write_output(profile, wrote);
    const int stdout_fd = options_.output == "-" ? 2 : 1;
    const Pen pen(detect_terminal(stdout_fd, options_.colour));
    const std::string text =
        options_.json ? json_of(profile, sums, written) : summary_of(profile, sums, wrote, pen);
    const auto printed = write_all(stdout_fd, text);
    if (!written) return fail(kExitError, written.error().message);
    if (!printed) return fail(kExitError, "cannot write to stdout: " + printed.error().message);
    const bool whole_host = options_.pids.empty() && !command_;
    return is_degraded(session_->capabilities(), options_.kernel, whole_host) ? kExitDegraded
                                                                              : kExitOk;
  }

  Result<void> write_output(const SymbolizedProfile& profile, std::string& wrote) {
    if (!output_) {
      wrote = "not written to a file; for a flame graph: sonde record -o cpu.html";
      return {};
    }
    const auto bytes = encode_profile(profile, *options_.format);
    if (!bytes) return bytes.error().with_context("cannot encode the profile");
    if (auto done = output_->commit(*bytes); !done) return done;
    remove_when_quitting("");
    output_bytes_ = bytes->size();
    wrote = "wrote " + errors_.name(options_.output) + " (" + format_bytes(bytes->size()) + ")";
    if (*options_.format == OutputFormat::kPprof && options_.output != "-") {
      wrote += "     look at it: sonde report " + errors_.name(options_.output);
    }
    return {};
  }

  [[nodiscard]] std::string summary_of(const SymbolizedProfile& profile, const ProfileSums& sums,
                                       const std::string& wrote, const Pen& pen) const {
    std::vector<std::string> last;
    if (!wrote.empty()) last = wrap(wrote, pen.width(), 4);
    if (summary_warnings(profile, sums, pen).empty()) last.insert(last.begin(), "");
    SummaryOptions summary;
    summary.lines_after += last.size();
    std::string out = render_summary(profile, sums, summary, pen);
    for (const std::string& line : last) out.append(line).append("\n");
    return out;
  }

  [[nodiscard]] std::string json_of(const SymbolizedProfile& profile, const ProfileSums& sums,
                                    const Result<void>& written) const {
    Json out = profile_json(profile, sums, kTopRows);
    out["degraded"] = session_->capabilities().limits;
    if (output_) {
      out["output"] = {{"path", options_.output},
                       {"format", name_of(*options_.format)},
                       {"bytes", output_bytes_},
                       {"error", written ? Json() : Json(written.error().message)}};
    }
    return json_text(out) + "\n";
  }

  [[nodiscard]] std::string gone_text() const {
    const bool one = options_.pids.size() == 1;
    return (one ? "process " + std::to_string(options_.pids[0]) : "the processes") +
           " ended: the recording stopped after " + format_duration(stopped_after_ns_);
  }

  // With a command: waits for it and returns its code, which stands above ours.
  int end_with(int code) {
    if (!command_) return code;
    const int command_code = command_->wait();
    pass_signals_to(0);
    const bool failed = code != kExitOk && code != kExitDegraded;
    return command_code == 0 && failed ? code : command_code;
  }

  void tell(const std::string& text) const {
    for (const std::string& line : wrap(errors_.name(text), errors_.width(), 4)) {
      std::fprintf(stderr, "%s\n", line.c_str());
    }
  }

  const RecordOptions& options_;
  Pen errors_;
  std::optional<OutputFile> output_;
  std::optional<TargetWatch> watch_;
  std::optional<HeldCommand> command_;
  std::unique_ptr<Session> session_;
  bool targets_gone_ = false;
  std::uint64_t stopped_after_ns_ = 0;
  std::size_t output_bytes_ = 0;
};

}  // namespace

int run_record(const RecordOptions& options) { return Recording(options).run(); }

}  // namespace sonde
