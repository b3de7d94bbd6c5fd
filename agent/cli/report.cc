// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/report.h"

#include <algorithm>
#include <cstdio>

#include "agent/cli/call_view.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/figures.h"
#include "agent/cli/profile_file.h"
#include "agent/cli/profile_json.h"
#include "agent/cli/summary.h"
#include "agent/cli/tables.h"
#include "core/base/file.h"
#include "core/model/call_tree.h"

namespace sonde {
namespace {

constexpr std::size_t kDefaultRows = 20;
constexpr std::size_t kWideName = 34;

std::size_t rows_of(const ReportOptions& options, std::size_t by_default) {
  const std::size_t rows = options.rows.value_or(by_default);
  return rows == 0 ? SIZE_MAX : rows;
}

bool asks_for_calls(const ReportOptions& options) {
  return !options.callers.empty() || !options.callees.empty();
}

Direction direction_of(const ReportOptions& options) {
  return options.callers.empty() ? Direction::kCallees : Direction::kCallers;
}

// The functions that --callers or --callees names; an error with the nearest names if none.
Result<FunctionMatch> match_function(const FunctionTable& functions, const ReportOptions& options) {
  const std::string& query = options.callers.empty() ? options.callees : options.callers;
  FunctionMatch match = find_functions(functions, query);
  if (match.count == 0) {
    return Error{ErrorCode::kNotFound, "no function of this profile is called or contains `" +
                                           query +
                                           "`.\nList them: sonde report FILE --by function -n 0"};
  }
  return match;
}

std::string match_line(const FunctionTable& functions, const FunctionMatch& match,
                       const ChosenTotals& totals, std::uint64_t all_ns,
                       const ReportOptions& options, const Pen& pen) {
  const std::string& query = options.callers.empty() ? options.callees : options.callers;
  std::string what;
  if (match.count == 1) {
    const auto at = std::find(match.chosen.begin(), match.chosen.end(), true);
    const auto function = static_cast<std::uint32_t>(at - match.chosen.begin());
    what = pen.name(functions[function].name, pen.width() / 2);
  } else {
    what = format_count(match.count) + " functions " + (match.exact ? "called " : "that contain ") +
           pen.name(query, pen.width() / 4);
  }
  return what + ": total " + format_percent(ratio(totals.total.cpu_ns, all_ns)) + ", self " +
         format_percent(ratio(totals.self.cpu_ns, all_ns));
}

Result<Lines> call_lines(const SymbolizedProfile& profile, const ProfileSums& sums,
                         const ReportOptions& options, const Pen& pen) {
  const std::uint64_t all_ns = sums.stacks.all.cpu_ns;
  const auto match = match_function(sums.functions, options);
  if (!match) return match.error();
  const ChosenTotals totals = sum_chosen(profile, sums.functions, *match);
  Lines lines = {match_line(sums.functions, *match, totals, all_ns, options, pen), ""};
  Lines more;
  if (options.tree) {
    const CallTree tree = build_call_tree(profile, sums.functions, *match, direction_of(options));
    more = tree_lines(sums.functions, tree, all_ns, options.rows, pen);
  } else {
    const auto rows = sum_neighbours(profile, sums.functions, *match, direction_of(options));
    more = neighbour_lines(sums.functions, rows, totals.total, all_ns, direction_of(options),
                           rows_of(options, kDefaultRows), pen);
  }
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

Lines table_lines(const SymbolizedProfile& profile, const ProfileSums& sums,
                  const ReportOptions& options, const Pen& pen) {
  const std::uint64_t all_ns = sums.stacks.all.cpu_ns;
  const std::size_t rows = rows_of(options, kDefaultRows);
  if (options.tree) {
    return tree_lines(sums.functions, build_call_tree(profile, sums.functions), all_ns,
                      options.rows, pen);
  }
  if (options.by == ReportBy::kProcess) {
    return process_lines(sums.by_process, all_ns, rows, kWideName, pen);
  }
  if (options.by == ReportBy::kImage) return image_lines(sum_images(profile), all_ns, rows, pen);
  return function_lines(sums.functions, sums.by_function, all_ns, rows, pen);
}

}  // namespace

Result<std::string> render_report(const SymbolizedProfile& profile, const ReportOptions& options,
                                  const Pen& pen) {
  const ProfileSums sums(profile);
  if (options.by == ReportBy::kNone && !options.tree && !asks_for_calls(options)) {
    SummaryOptions summary{.function_rows = options.rows, .lines_after = 1};
    if (options.rows == 0U) summary.function_rows = SIZE_MAX;
    return render_summary(profile, sums, summary, pen);
  }
  Lines lines = summary_head(profile, sums, pen);
  lines.emplace_back();
  if (asks_for_calls(options)) {
    const auto calls = call_lines(profile, sums, options, pen);
    if (!calls) return calls.error();
    lines.insert(lines.end(), calls->begin(), calls->end());
  } else {
    const Lines table = table_lines(profile, sums, options, pen);
    lines.insert(lines.end(), table.begin(), table.end());
  }
  std::string out;
  for (const std::string& line : lines) out.append(line).append("\n");
  return out;
}

Result<std::string> render_report_json(const SymbolizedProfile& profile,
                                       const ReportOptions& options) {
  const ProfileSums sums(profile);
  Json out = profile_json(profile, sums, options.rows.value_or(kDefaultRows));
  if (asks_for_calls(options)) {
    const auto match = match_function(sums.functions, options);
    if (!match) return match.error();
    const Direction direction = direction_of(options);
    const char* name = direction == Direction::kCallers ? "callers" : "callees";
    out[name] =
        options.tree
            ? tree_json(sums.functions, build_call_tree(profile, sums.functions, *match, direction))
            : neighbours_json(sums.functions,
                              sum_neighbours(profile, sums.functions, *match, direction));
  } else if (options.tree) {
    out["tree"] = tree_json(sums.functions, build_call_tree(profile, sums.functions));
  }
  if (options.by == ReportBy::kImage) out["images"] = images_json(sum_images(profile));
  return json_text(out) + "\n";
}

int run_report(const ReportOptions& options) {
  const auto profile = read_profile(options.file);
  if (!profile) return fail(kExitError, profile.error().message);
  const Pen pen(detect_terminal(1, options.colour));
  const auto text =
      options.json ? render_report_json(*profile, options) : render_report(*profile, options, pen);
  if (!text) return fail(kExitError, text.error().message);
  const auto written = write_all(1, *text);
  if (!written) return fail(kExitError, "cannot write to stdout: " + written.error().message);
  return kExitOk;
}

}  // namespace sonde
