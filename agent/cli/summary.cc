// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/summary.h"

#include <algorithm>
#include <numeric>

#include "agent/cli/figures.h"
#include "agent/cli/stop_advice.h"
#include "agent/cli/tables.h"
#include "agent/cli/text.h"
#include "core/model/books.h"

namespace sonde {
namespace {

constexpr std::size_t kScreenLines = 24;
constexpr std::size_t kMinFunctionRows = 3;
constexpr std::size_t kMaxFunctionRows = 12;
constexpr std::size_t kProcessRows = 5;
constexpr std::size_t kMaxCutProcesses = 2;
constexpr std::size_t kProcessName = 16;
constexpr std::size_t kMinOriginWidth = 24;

std::string plural(std::uint64_t count, std::string_view one, std::string_view many) {
  return format_count(count).append(" ").append(count == 1 ? one : many);
}

// `30.0 s on web-7, 2 CPUs, 99 Hz: `; what a foreign file does not say is left out.
std::string circumstances(const ProfileMeta& meta, const Pen& pen) {
  std::string out;
  if (meta.duration_ns != 0) out += format_duration(meta.duration_ns);
  if (!meta.host.empty()) {
    const std::size_t room = std::max<std::size_t>(16, pen.width() / 4);
    out += (out.empty() ? "on " : " on ") + pen.name(meta.host, room);
  }
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  if (meta.cpu_count != 0) add(plural(meta.cpu_count, "CPU", "CPUs"));
  if (meta.rate_hz != 0) add(format_count(meta.rate_hz) + " Hz");
  return out.empty() ? out : out + ": ";
}

std::string amount(const SymbolizedProfile& profile, const StackTotals& totals) {
  const ProfileMeta& meta = profile.meta;
  std::string out = plural(totals.all.samples, "sample", "samples") + ", " +
                    format_duration(totals.all.cpu_ns) + " CPU";
  if (meta.duration_ns != 0) {
    const double cores = ratio(totals.all.cpu_ns, meta.duration_ns);
    out += " (" + format_fixed(cores, 2) + " cores)";
  }
  return out;
}

std::string lost_text(const ProfileMeta& meta, std::uint64_t samples) {
  const std::uint64_t lost = lost_of(meta);
  if (lost == 0) return "lost 0";
  return "lost " + format_count(lost) + " (" + format_percent(lost_share(meta, samples)) + ")";
}

// Short recordings are mostly start and end: a share would say nothing about the running cost.
std::string cost_text(const ProfileMeta& meta) {
  constexpr std::uint64_t kShort = 5'000'000'000;
  const double spent = meta.cost.cpu_seconds + meta.cost.bpf_seconds;
  if (meta.duration_ns == 0 || !(spent > 0)) return "";
  if (meta.duration_ns < kShort) {
    return "sonde " + format_duration(static_cast<std::uint64_t>(spent * 1e9)) + " CPU";
  }
  return "sonde " + format_percent(spent / to_seconds(meta.duration_ns)) + " of a core";
}

void add_wrapped(std::vector<std::string>& lines, const std::string& text, const Pen& pen) {
  for (std::string& line : wrap(text, pen.width(), 4)) lines.push_back(std::move(line));
}

std::string warning_sign(const Pen& pen) { return pen.paint("!", Colour::kYellow) + " "; }

std::uint64_t cut_samples(const ProcessTotals& process) {
  return std::accumulate(process.cut.begin(), process.cut.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& item) { return sum + item.second; });
}

// A process is worth a line if more than one in a hundred of its stacks is cut, and not by chance.
bool is_cut(const ProcessTotals& process) {
  constexpr std::uint64_t kFew = 3;
  const std::uint64_t cut = cut_samples(process);
  return cut >= kFew && cut * 100 > process.all.samples - process.early;
}

std::string cut_line(const SymbolizedProfile& profile, const ProcessTotals& process,
                     const Pen& pen) {
  const auto most =
      std::max_element(process.cut.begin(), process.cut.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::uint32_t image = most->first.second;
  const std::string place = image == 0 ? std::string() : place_of(profile.images[image].path, pen);
  return warning_sign(pen) + pen.name(process.name, kProcessName) + ": " +
         format_count(process.whole) + " of " + format_count(process.all.samples - process.early) +
         " stacks whole (" + explain_stop(most->first.first, place) + ")";
}

// Processes on the left and origins on the right, or below where the terminal is narrow.
Lines process_and_origin_blocks(const ProfileSums& sums, const Pen& pen) {
  const std::size_t wider =
      pen.width() > 80 ? std::min<std::size_t>(16, (pen.width() - 80) / 2) : 0;
  const std::size_t name_width = kProcessName + wider;
  const std::size_t origin_at = name_width + 28;
  const bool side_by_side = pen.width() >= origin_at + kMinOriginWidth;
  const std::size_t origin_width = pen.width() - (side_by_side ? origin_at : 0);
  const std::uint64_t all_ns = sums.stacks.all.cpu_ns;
  Lines left = process_lines(sums.by_process, all_ns, kProcessRows, name_width, pen);
  const Lines right = origin_lines(sums.by_origin, all_ns, origin_width, pen);
  if (side_by_side) return beside(left, right, origin_at);
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace

ProfileSums::ProfileSums(const SymbolizedProfile& profile)
    : functions(profile),
      stacks(count_stacks(profile)),
      by_function(sum_functions(profile, functions)),
      by_process(sum_processes(profile)),
      by_origin(sum_origins(profile)) {}

std::vector<std::string> summary_head(const SymbolizedProfile& profile, const ProfileSums& sums,
                                      const Pen& pen) {
  const StackTotals& stacks = sums.stacks;
  const std::uint64_t samples = stacks.all.samples;
  std::vector<std::string> lines;
  add_wrapped(lines, circumstances(profile.meta, pen) + amount(profile, stacks), pen);
  if (samples == 0) return lines;

  const double whole = whole_share(stacks.whole, samples, stacks.early);
  std::vector<std::string> pieces = {
      "stacks " + format_percent(whole) + " whole", lost_text(profile.meta, samples),
      "unresolved leaves " + format_percent(ratio(stacks.unresolved_leaf, stacks.leaves))};
  if (const std::string cost = cost_text(profile.meta); !cost.empty()) pieces.push_back(cost);
  for (std::string& line : flow(pieces, pen.width())) lines.push_back(std::move(line));
  if (stacks.early != 0) {
    add_wrapped(lines,
                plural(stacks.early, "sample", "samples") +
                    " taken before their code was known, not in the ratio (no_mapping)",
                pen);
  }
  return lines;
}

std::vector<std::string> summary_warnings(const SymbolizedProfile& profile, const ProfileSums& sums,
                                          const Pen& pen) {
  std::vector<std::string> lines;
  if (lost_of(profile.meta) != 0) {
    std::string reasons;
    for (const auto& [reason, count] : profile.meta.lost) {
      if (count == 0) continue;
      reasons += (reasons.empty() ? "" : ", ") + pen.name(reason) + " " + format_count(count);
    }
    add_wrapped(lines, warning_sign(pen) + "lost samples: " + reasons, pen);
  }
  std::vector<const ProcessTotals*> cut;
  for (const ProcessTotals& process : sums.by_process) {
    if (is_cut(process)) cut.push_back(&process);
  }
  std::stable_sort(cut.begin(), cut.end(), [](const ProcessTotals* a, const ProcessTotals* b) {
    return cut_samples(*a) > cut_samples(*b);
  });
  for (std::size_t i = 0; i < std::min(cut.size(), kMaxCutProcesses); ++i) {
    add_wrapped(lines, cut_line(profile, *cut[i], pen), pen);
  }
  if (cut.size() > kMaxCutProcesses) {
    add_wrapped(
        lines,
        warning_sign(pen) +
            plural(cut.size() - kMaxCutProcesses, "more process has", "more processes have") +
            " cut stacks: sonde report FILE --by process",
        pen);
  }
  return lines;
}

std::string render_summary(const SymbolizedProfile& profile, const ProfileSums& sums,
                           const SummaryOptions& options, const Pen& pen) {
  std::vector<std::string> lines = summary_head(profile, sums, pen);
  const auto add = [&](const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); };
  const Lines warnings = summary_warnings(profile, sums, pen);
  if (sums.stacks.all.samples == 0) {
    add({"", "Nothing that was asked for ran on the CPUs in this time."});
  } else {
    const Lines blocks = process_and_origin_blocks(sums, pen);
    const std::size_t others = lines.size() + 3 + blocks.size() + warnings.size() +
                               (warnings.empty() ? 0 : 1) + options.lines_after;
    const std::size_t left = kScreenLines > others ? kScreenLines - others : 0;
    const std::size_t rows =
        options.function_rows.value_or(std::clamp(left, kMinFunctionRows, kMaxFunctionRows));
    add({""});
    add(function_lines(sums.functions, sums.by_function, sums.stacks.all.cpu_ns, rows, pen));
    add({""});
    add(blocks);
  }
  if (!warnings.empty()) add({""});
  add(warnings);
  std::string out;
  for (const std::string& line : lines) out.append(line).append("\n");
  return out;
}

}  // namespace sonde
