// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/doctor.h"

#include <algorithm>
#include <iterator>

#include "agent/cli/text.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kIndent = 4;
constexpr std::size_t kLabel = 7;

const char* word_of(CheckStatus status) {
  switch (status) {
    case CheckStatus::kOk:
      return "ok";
    case CheckStatus::kLimited:
      return "limited";
    case CheckStatus::kFailed:
      return "failed";
    case CheckStatus::kSkipped:
      return "not tried";
  }
  return "not tried";
}

// `    cause  text`, further lines under the text. A fix is never wrapped: it is a command to copy,
// and a line break in it would make it two.
void add_detail(std::string& out, std::string_view label, const std::string& text, const Pen& pen) {
  if (text.empty()) return;
  const std::size_t width = label == "fix" ? SIZE_MAX : pen.width() - kIndent - kLabel;
  std::string_view rest = text;
  bool first = true;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::size_t end = rest.find('\n');
    const std::string line = pen.name(rest.substr(0, end));
    for (const std::string& part : wrap(line, width, 0)) {
      out.append(kIndent, ' ');
      out += pen.paint(pad_right(first ? label : "", kLabel), Colour::kDim) + part + "\n";
      first = false;
    }
    if (end == std::string_view::npos) return;
    rest.remove_prefix(end + 1);
  }
}

std::size_t count_of(const std::vector<CheckedLine>& lines, CheckStatus status) {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(),
                    [status](const CheckedLine& line) { return line.result.status == status; }));
}

bool can_start_agent(const std::vector<CheckedLine>& lines) {
  const ExitCode code = exit_code_of(lines);
  return code != kExitNoPermission && code != kExitUnsupportedKernel &&
         std::ranges::none_of(lines, [](const CheckedLine& line) {
           return line.result.status == CheckStatus::kFailed && line.result.ends_agent;
         });
}

std::string verdict(const std::vector<CheckedLine>& lines, const Pen& pen) {
  std::string out;
  for (const CheckStatus status :
       {CheckStatus::kOk, CheckStatus::kFailed, CheckStatus::kLimited, CheckStatus::kSkipped}) {
    const std::size_t count = count_of(lines, status);
    if (count == 0 && status != CheckStatus::kOk) continue;
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + word_of(status);
  }
  const ExitCode code = exit_code_of(lines);
  if (code == kExitOk) return out + ". sonde can record everything here.";
  if (code == kExitDegraded && can_start_agent(lines)) {
    return out + ". sonde can start, degraded.";
  }
  const std::string fix = ": first fix the lines marked " + std::string(pen.sign("✗", "X")) + ".";
  if (code != kExitDegraded) return out + ". sonde cannot record here" + fix;
  return out + ". sonde can record, but sonde run does not start" + fix;
}

}  // namespace

std::vector<CheckedLine> run_checks(const std::vector<DoctorCheck>& checks) {
  std::vector<CheckedLine> lines;
  lines.reserve(checks.size());
  for (const DoctorCheck& check : checks) lines.push_back({check.name, check.run()});
  return lines;
}

std::string sign_of(CheckStatus status, const Pen& pen) {
  switch (status) {
    case CheckStatus::kOk:
      return pen.paint(pen.sign("✓", "ok"), Colour::kGreen);
    case CheckStatus::kLimited:
      return pen.paint("!", Colour::kYellow);
    case CheckStatus::kFailed:
      return pen.paint(pen.sign("✗", "X"), Colour::kRed);
    case CheckStatus::kSkipped:
      return pen.paint("-", Colour::kDim);
  }
  return "-";
}

std::string render_checks(const std::vector<CheckedLine>& lines, const Pen& pen) {
  std::string out;
  for (const CheckedLine& line : lines) {
    std::string text = line.name;
    if (!line.result.detail.empty()) {
      // `own stack: 14 of 14 frames`, `kernel (6.1.0)`
      const bool colon = text.ends_with(':');
      text += (colon ? " " : " (") + pen.name(line.result.detail) + (colon ? "" : ")");
    }
    if (line.result.status == CheckStatus::kSkipped)
      text += text.ends_with(':') ? " not tried" : ": not tried";
    const std::string sign = sign_of(line.result.status, pen) + " ";
    for (const std::string& part : wrap(sign + text, pen.width(), kIndent)) out += part + "\n";
    add_detail(out, "cause", line.result.cause, pen);
    add_detail(out, "fix", line.result.fix, pen);
    add_detail(out, "until", line.result.until, pen);
  }
  for (const std::string& part : wrap(verdict(lines, pen), pen.width(), 0)) out += part + "\n";
  return out;
}

Json checks_json(const std::vector<CheckedLine>& lines) {
  Json checks = Json::array();
  for (const CheckedLine& line : lines) {
    const std::string name = line.name.substr(0, line.name.find_last_not_of(':') + 1);
    checks.push_back({{"name", name},
                      {"status", word_of(line.result.status)},
                      {"detail", line.result.detail},
                      {"cause", line.result.cause},
                      {"fix", line.result.fix},
                      {"until", line.result.until}});
  }
  return {{"exit_code", static_cast<int>(exit_code_of(lines))},
          {"ok", count_of(lines, CheckStatus::kOk)},
          {"failed", count_of(lines, CheckStatus::kFailed)},
          {"limited", count_of(lines, CheckStatus::kLimited)},
          {"not_tried", count_of(lines, CheckStatus::kSkipped)},
          {"agent_can_start", can_start_agent(lines)},
          {"checks", std::move(checks)}};
}

ExitCode exit_code_of(const std::vector<CheckedLine>& lines) {
  ExitCode out = kExitOk;
  for (const CheckedLine& line : lines) {
    if (line.result.status != CheckStatus::kFailed) continue;
    if (line.result.code == kExitUnsupportedKernel) return kExitUnsupportedKernel;
    if (out == kExitOk || line.result.code == kExitNoPermission) out = line.result.code;
  }
  return out;
}

int run_doctor(const DoctorOptions& options) {
  const Pen pen(detect_terminal(1, options.colour));
  std::vector<DoctorCheck> checks = host_checks(options);
  std::ranges::move(agent_checks(options), std::back_inserter(checks));
  const std::vector<CheckedLine> lines = run_checks(checks);
  const auto written =
      write_all(1, options.json ? json_text(checks_json(lines)) + "\n" : render_checks(lines, pen));
  if (!written) return fail(kExitError, "cannot write to stdout: " + written.error().message);
  return exit_code_of(lines);
}

}  // namespace sonde
