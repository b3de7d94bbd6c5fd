// SPDX-License-Identifier: Apache-2.0
// What `sonde status` prints, line by line.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "agent/cli/doctor.h"
#include "agent/cli/figures.h"
#include "agent/cli/json_fields.h"
#include "agent/cli/status.h"
#include "agent/cli/text.h"
#include "agent/cli/trust.h"

namespace sonde {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

// Milliseconds from one to the other, as words.
std::string span_text(std::uint64_t from_ms, std::uint64_t to_ms) {
  const std::uint64_t ms = to_ms - std::min(from_ms, to_ms);
  return format_duration(std::min(ms, ~std::uint64_t{0} / kNsPerMs) * kNsPerMs);
}

class StatusView {
 public:
  StatusView(const AgentAnswers& agent, const Pen& pen) : agent_(agent), pen_(pen) {}

  std::string render() && {
    add_head();
    if (!flag_in(agent_.status, "ready")) {
      line(CheckStatus::kFailed, "no profiles: " + words(agent_.status, "ready_why"));
    }
    add_stacks();
    add_accounting();
    add_budgets();
    for (const Json& one : list_in(agent_.health, "budgets")) {
      if (!text_in(one, "words").empty()) line(CheckStatus::kLimited, words(one, "words"));
    }
    for (const Json& one : list_in(agent_.status, "boosts")) add_boost(one);
    add_history();
    for (const Json& one : list_in(agent_.health, "exporters")) add_exporter(one);
    for (const Json& one : list_in(agent_.status, "degraded")) add_degraded(one);
    for (const Json& one : list_in(agent_.health, "errors")) {
      if (one.is_string()) line(CheckStatus::kLimited, pen_.name(one.get<std::string>()));
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string words(const Json& object, std::string_view name) const {
    return pen_.name(text_in(object, name));
  }

  void line(CheckStatus status, const std::string& text) {
    for (const std::string& part :
         wrap(sign_of(status, pen_) + " " + text, pen_.width(), kSignColumns)) {
      out_ += part + "\n";
    }
  }

  // `sonde 0.4.0, up 3 d 6 h, http://127.0.0.1:7663, 19 Hz, 53 executables`
  void add_head() {
    const Json& status = agent_.status;
    const std::size_t executables =
        list_in(agent_.health, "executables").size() +
        count_in(object_in(agent_.health, "executables_more"), "executables");
    const std::string text = "sonde " + words(status, "version") + ", up " +
                             span_text(count_in(status, "started"), count_in(status, "now")) +
                             ", " + agent_.url + ", " + rate_text() + ", " +
                             format_count(executables) +
                             (executables == 1 ? " executable" : " executables");
    for (const std::string& part : wrap(text, pen_.width(), kSignColumns)) out_ += part + "\n";
  }

  // `19 Hz`, `9.5 of 19 Hz` while fewer ticks are kept.
  [[nodiscard]] std::string rate_text() const {
    const std::uint64_t rate = count_in(agent_.status, "rate");
    const std::uint64_t divisor = count_in(agent_.status, "divisor");
    std::string all = format_count(rate) + " Hz";
    if (divisor <= 1) return all;
    return fmt::format("{:.3g} of ", static_cast<double>(rate) / static_cast<double>(divisor)) +
           all;
  }

  // `stacks 99.4 % whole, 0.02 % lost (4 process_gone, 2 ring_full in 15 min)`
  void add_stacks() {
    const TrustFigures trust = trust_of_health(agent_.health);
    if (trust.samples + trust.lost == 0) {
      line(CheckStatus::kSkipped, "no samples in the last 15 min");
      return;
    }
    constexpr std::array kStatus = {CheckStatus::kOk, CheckStatus::kLimited, CheckStatus::kFailed};
    const std::string lost =
        trust.lost == 0 ? "0 lost" : format_percent(lost_share(trust)) + " lost" + losses();
    line(kStatus.at(static_cast<std::size_t>(judge(trust))),
         "stacks " + format_percent(whole_share(trust)) + " whole, " + lost);
    if (!trust.adds_up) {
      const double ticks = number_in(object_in(agent_.health, "books"), "unaccounted");
      line(CheckStatus::kFailed, fmt::format("{:.0f} ticks are unaccounted for, a fault of sonde: "
                                             "please report it",
                                             std::abs(ticks)));
    }
  }

  // `samples account for 99.3 % of the CPU charged to the host, ± 0.8`
  void add_accounting() {
    const Json& accounting = object_in(agent_.health, "accounting");
    const double charged = number_in(accounting, "kernel_ns");
    const double sigma = number_in(accounting, "sigma_ns");
    if (!(charged > 0) || sigma > charged * kMaxSigma) return;
    line(CheckStatus::kOk,
         fmt::format("samples account for {} of the CPU charged to the host, {} {:.1f}",
                     format_percent(number_in(accounting, "sampled_ns") / charged),
                     pen_.sign("±", "+-"), sigma / charged * 100));
  }

  // `boost 1: process=postgres at 95 Hz, 4 min 10 s left; sonde boost --end 1 ends it`
  void add_boost(const Json& boost) {
    const std::uint64_t id = count_in(boost, "id");
    line(CheckStatus::kOk,
         fmt::format("boost {}: {} at {} Hz, {} left; sonde boost --end {} ends it", id,
                     words(boost, "match"), count_in(boost, "rate"),
                     span_text(count_in(agent_.status, "now"), count_in(boost, "until")), id));
  }

  // The greatest reasons first.
  [[nodiscard]] std::string losses() const {
    constexpr std::size_t kShown = 3;
    std::vector<std::pair<std::uint64_t, std::string>> reasons;
    for (const Json& one : list_in(object_in(agent_.health, "books"), "lost")) {
      reasons.emplace_back(count_in(one, "samples"), words(one, "reason"));
    }
    std::ranges::sort(reasons, std::ranges::greater{});
    std::string out;
    for (std::size_t i = 0; i < std::min(kShown, reasons.size()); ++i) {
      out += (out.empty() ? " (" : ", ") + format_count(reasons[i].first) + " " + reasons[i].second;
    }
    std::uint64_t rest = 0;
    for (std::size_t i = kShown; i < reasons.size(); ++i) rest += reasons[i].first;
    if (rest > 0) out += ", " + format_count(rest) + " others";
    return out.empty() ? out : out + " in 15 min)";
  }

  // `CPU 0.27 of 1 %   RSS 46 of 80 MiB   kernel maps 23 of 64 MiB`
  void add_budgets() {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kShown = {
        {{"cpu", "CPU"}, {"rss", "RSS"}, {"kernel_maps", "kernel maps"}, {"outbox", "outbox"}}};
    std::vector<std::string> pieces;
    bool is_over = false;
    for (const auto& [name, label] : kShown) {
      for (const Json& one : list_in(agent_.health, "budgets")) {
        if (text_in(one, "name") != name) continue;
        const double now = number_in(one, "now");
        const double limit = number_in(one, "limit");
        is_over = is_over || (limit > 0 && now > limit);
        pieces.push_back(std::string(label) + " " +
                         amount(now, limit, text_in(one, "unit") == "bytes"));
      }
    }
    if (pieces.empty()) return;
    const std::vector<std::string> lines = flow(pieces, pen_.width() - kSignColumns);
    for (const std::string& part : lines) {
      const bool first = &part == &lines.front();
      out_ += first ? sign_of(is_over ? CheckStatus::kLimited : CheckStatus::kOk, pen_) + " "
                    : std::string(kSignColumns, ' ');
      out_ += part + "\n";
    }
  }

  // `0.27 of 1 %`, `46 of 80 MiB`, `46 MiB`: bytes of both in the unit of the limit.
  static std::string amount(double now, double limit, bool bytes) {
    if (!bytes) {
      return limit > 0 ? fmt::format("{:.2f} of {:g} %", now, limit) : fmt::format("{:.2f} %", now);
    }
    const auto whole = [](double value) {
      constexpr double kMax = 9e18;
      return static_cast<std::uint64_t>(std::clamp(value, 0.0, kMax));
    };
    return bytes_of(whole(now), whole(limit));
  }

  static std::string bytes_of(std::uint64_t now, std::uint64_t limit) {
    if (limit == 0) return format_bytes(now);
    const std::string both = format_bytes(limit);
    const std::string unit = both.substr(both.find(' '));
    double in_unit = static_cast<double>(now);
    for (std::uint64_t rest = limit; rest >= 1024 && in_unit > 0; rest /= 1024) in_unit /= 1024;
    const bool small = in_unit > 0 && in_unit < 9.95;
    return fmt::format("{:.{}f} of {}{}", in_unit, small ? 1 : 0, both.substr(0, both.find(' ')),
                       unit);
  }

  // `history 312 of 512 MiB, 6 d 2 h`
  void add_history() {
    const Json& history = object_in(agent_.status, "history");
    const std::uint64_t last = count_in(history, "last");
    std::string text =
        "history " + bytes_of(count_in(history, "bytes"), count_in(history, "limit_bytes"));
    text += last == 0 ? ", nothing stored yet"
                      : ", " + span_text(count_in(history, "first"),
                                         last + count_in(agent_.status, "window_ms"));
    line(CheckStatus::kOk, text);
  }

  // `pyroscope: retrying; 2 windows (4.1 MiB) wait, oldest 1 min 40 s, 503`
  void add_exporter(const Json& one) {
    const std::string state = text_in(one, "state");
    if (state == "off") return;
    std::string text = words(one, "name") + ": " + words(one, "state");
    if (const std::uint64_t windows = count_in(one, "windows"); windows > 0) {
      text += "; " + format_count(windows) + (windows == 1 ? " window (" : " windows (") +
              format_bytes(count_in(one, "bytes")) + (windows == 1 ? ") waits" : ") wait");
    }
    if (const std::uint64_t oldest = count_in(one, "oldest"); oldest > 0) {
      text += ", oldest " + span_text(oldest, count_in(agent_.health, "now"));
    }
    const std::string answer = words(one, "answer");
    if (state != "up" && !answer.empty()) text += ", " + answer;
    line(state == "up" ? CheckStatus::kOk : CheckStatus::kLimited, text);
  }

  void add_degraded(const Json& one) {
    line(CheckStatus::kLimited, words(one, "what") + ": " + words(one, "error"));
    const std::string fix = words(one, "fix");  // a command to copy: never wrapped
    if (!fix.empty()) out_ += "    " + pen_.paint("fix", Colour::kDim) + "    " + fix + "\n";
  }

  static constexpr std::size_t kSignColumns = 2;
  static constexpr double kMaxSigma = 0.05;  // of what was charged: with less it says little

  const AgentAnswers& agent_;
  const Pen& pen_;
  std::string out_;
};

}  // namespace

std::string render_status(const AgentAnswers& agent, const Pen& pen) {
  return StatusView(agent, pen).render();
}

ExitCode exit_code_of(const AgentAnswers& agent) {
  const bool degraded = std::ranges::any_of(list_in(agent.status, "degraded"), [](const Json& one) {
    return !text_in(one, "fix").empty();  // what nothing helps against is how this host is
  });
  return flag_in(agent.status, "ready") && !degraded ? kExitOk : kExitDegraded;
}

}  // namespace sonde
