// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff_view.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/cli/figures.h"
#include "agent/cli/tables.h"
#include "agent/cli/text.h"

namespace sonde {
namespace {

constexpr std::size_t kRoomyWidth = 100;  // from here on there is room for more figures
constexpr std::size_t kNarrowWidth = 60;  // below, `before` and `where` leave theirs to the names
constexpr double kErrorSigmas = 2;        // what stands behind ±: 95 %

// How figures of one table are written: shares as percentage points, or cores.
class Format {
 public:
  Format(bool absolute, int decimals, const Pen& pen)
      : absolute_(absolute), decimals_(decimals), pen_(pen) {}
  // entries  of the table: the smallest error decides how many decimals make sense.
  Format(const std::vector<DiffEntry>& entries, bool absolute, const Pen& pen)
      : Format(absolute, absolute ? 2 : 1, pen) {
    constexpr double kFine = 0.05;
    for (const DiffEntry& entry : entries) {
      const double error = kErrorSigmas * entry.change.sigma * scale();
      if (error > 0 && error < kFine) decimals_ = absolute_ ? 3 : 2;
    }
  }

  [[nodiscard]] std::string difference(double value) const {
    std::string digits = format_fixed(std::abs(value) * scale(), decimals_);
    if (digits.find_first_not_of("0.") == std::string::npos) return digits;
    return std::string(value < 0 ? pen_.sign("−", "-") : "+").append(digits);
  }
  [[nodiscard]] std::string with_error(const Change& change) const {
    return difference(change.difference()) + std::string(pen_.sign(" ± ", " +- ")) +
           format_fixed(kErrorSigmas * change.sigma * scale(), decimals_);
  }
  [[nodiscard]] std::string value(double value) const {
    return absolute_ ? format_fixed(value, decimals_) : format_percent(value);
  }

 private:
  [[nodiscard]] double scale() const { return absolute_ ? 1 : 100; }

  bool absolute_;
  int decimals_;
  const Pen& pen_;
};

char mark_of(const Change& change) {
  if (!change.is_beyond(kShownSigmas)) return '~';
  return change.is_beyond(kCertainSigmas) ? ' ' : '?';
}

class DiffPrinter {
 public:
  DiffPrinter(const DiffInput& input, const ProfileDiff& diff, const DiffFigures& figures,
              const DiffOptions& options, const Pen& pen)
      : input_(input),
        diff_(diff),
        figures_(figures),
        options_(options),
        pen_(pen),
        judge_(diff, options.absolute),
        format_(figures.shown, options.absolute, pen),
        marked_(has_mark('?') || has_mark('~')) {}

  std::string print() {
    head();
    lines_.emplace_back();
    if (!figures_.shown.empty()) {
      const Lines table = options_.paths ? path_lines() : row_lines();
      lines_.insert(lines_.end(), table.begin(), table.end());
    }
    foot();
    warnings();
    std::string out;
    for (const std::string& line : lines_) out.append(line).append("\n");
    return out;
  }

 private:
  void add(const std::string& text) {
    for (std::string& line : wrap(text, pen_.width(), 4)) lines_.push_back(std::move(line));
  }

  [[nodiscard]] bool is_total() const {
    return options_.total || options_.paths || options_.by == DiffBy::kProcess;
  }

  [[nodiscard]] std::string samples_of(std::size_t side) const {
    std::string out = format_count(input_.facts.at(side).all.samples);
    const std::size_t files = input_.facts.at(side).files.size();
    return files == 1 ? out : out + " of " + format_count(files) + " files";
  }

  void head() {
    const std::string arrow(pen_.sign(" → ", " -> "));
    std::string what = options_.absolute ? "CPU cores" : "share of CPU";
    if (!input_.is_cpu_time) what = "share of samples";
    if (options_.by != DiffBy::kProcess || options_.paths) {
      what = (is_total() ? "total " : "own ") + what;
    }
    add(what + ", before" + arrow + "after (" + samples_of(0) + " and " + samples_of(1) +
        " samples; " + std::string(pen_.sign("±", "+-")) + " = 95 %)");
    if (!input_.is_cpu_time || !judge_.has_rates()) return;
    const Change all = judge_.rate({diff_.side(0).all, diff_.side(1).all});
    const Format cores(true, 2, pen_);
    add("all together " + cores.value(all.before) + arrow + cores.value(all.after) + " cores (" +
        cores.with_error(all) + "), in " + format_duration(duration(0)) + " and " +
        format_duration(duration(1)));
  }

  [[nodiscard]] std::uint64_t duration(std::size_t side) const {
    return input_.facts.at(side).duration_ns;
  }

  [[nodiscard]] std::vector<std::string> figures_of(const DiffEntry& entry) const {
    const Change& change = entry.change;
    const bool certain = change.is_beyond(kShownSigmas);
    const Colour colour = !certain                  ? Colour::kDim
                          : change.difference() > 0 ? Colour::kYellow
                                                    : Colour::kBlue;
    std::string text = format_.with_error(change);
    if (marked_) text.append(" ").append(1, mark_of(change));
    std::vector<std::string> out = {pen_.paint(text, colour)};
    if (!is_narrow()) {
      out.push_back(entry.total[0].samples == 0 ? "new" : format_.value(change.before));
    }
    out.push_back(entry.total[1].samples == 0 ? "gone" : format_.value(change.after));
    return out;
  }

  [[nodiscard]] bool is_narrow() const { return pen_.width() < kNarrowWidth; }

  [[nodiscard]] std::vector<std::string> figure_heads() const {
    std::vector<std::string> out = {marked_ ? "change  " : "change"};
    if (!is_narrow()) out.emplace_back("before");
    out.emplace_back("after");
    return out;
  }

  [[nodiscard]] bool has_cores_column() const {
    return pen_.width() >= kRoomyWidth && !options_.absolute && input_.is_cpu_time &&
           judge_.has_rates();
  }
  [[nodiscard]] bool has_other_column() const {
    return pen_.width() >= kRoomyWidth && options_.by != DiffBy::kProcess;
  }

  [[nodiscard]] std::string cores_of(const SidePair& sums) const {
    const Change rate = judge_.rate(sums);
    return Format(true, 3, pen_).difference(rate.difference());
  }

  [[nodiscard]] Lines row_lines() const {
    const auto& items = diff_.items(options_.by);
    std::vector<FigureRow> rows;
    for (const DiffEntry& entry : figures_.shown) {
      const DiffItem& item = items[entry.item];
      FigureRow row{
          .figures = figures_of(entry), .name = item.name, .place = {}, .origin = item.origin};
      if (has_other_column()) {
        const Change other = judge_.change(is_total() ? entry.self : entry.total);
        row.figures.push_back(format_.difference(other.difference()));
      }
      if (has_cores_column()) {
        row.figures.push_back(cores_of(is_total() ? entry.total : entry.self));
      }
      if (item.name.empty()) row.name = options_.by == DiffBy::kImage ? "(no file)" : "(no name)";
      if (options_.by == DiffBy::kFunction && !is_narrow()) row.place = place(item);
      rows.push_back(std::move(row));
    }
    std::vector<std::string> heads = figure_heads();
    if (has_other_column()) heads.emplace_back(is_total() ? "own" : "total");
    if (has_cores_column()) heads.emplace_back("cores");
    const bool function = options_.by == DiffBy::kFunction;
    heads.emplace_back(function                          ? "function"
                       : options_.by == DiffBy::kProcess ? "process"
                                                         : "image");
    heads.emplace_back(function && !is_narrow() ? "where" : "");
    return figure_table(heads, rows, pen_);
  }

  [[nodiscard]] std::string place(const DiffItem& item) const {
    if (item.image.empty() && item.origin == Origin::kKernel) return "[kernel]";
    if (item.image.empty() && item.origin == Origin::kJit) return "[jit]";
    return place_of(item.image, pen_);
  }

  // Figures, then the path; its end stays, which is where the change is.
  [[nodiscard]] Lines path_lines() const {
    std::vector<std::vector<std::string>> rows = {figure_heads()};
    for (const DiffEntry& entry : figures_.shown) rows.push_back(figures_of(entry));
    std::vector<std::size_t> widths(rows.front().size());
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], display_width(row[i]));
      }
    }
    Lines out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::string line;
      for (std::size_t column = 0; column < widths.size(); ++column) {
        line += pad_left(rows[i][column], widths[column]) + "  ";
      }
      const std::size_t room = pen_.width() - std::min(pen_.width(), display_width(line));
      line += i == 0 ? "call path" : path_text(figures_.shown[i - 1].path, room);
      out.push_back(i == 0 ? pen_.paint(line, Colour::kDim) : line);
    }
    return out;
  }

  // `… ▸ c ▸ d`: as many of the last functions as fit; one that calls itself is `walk ×37`.
  [[nodiscard]] std::string path_text(const std::vector<std::uint32_t>& path,
                                      std::size_t room) const {
    constexpr std::size_t kLongestName = 40;
    const auto& functions = diff_.items(DiffBy::kFunction);
    const std::string arrow(pen_.sign(" ▸ ", " > "));
    const std::string cut = std::string(pen_.ellipsis()) + arrow;
    std::string out;
    for (std::size_t end = path.size(); end != 0;) {
      std::size_t begin = end - 1;
      while (begin != 0 && path[begin - 1] == path[end - 1]) --begin;
      std::string times;
      if (end - begin > 1) {
        times = " " + std::string(pen_.sign("×", "x")) + format_count(end - begin);
      }
      const std::size_t tail = display_width(times) + (begin == 0 ? 0 : display_width(cut));
      const std::string_view whole = functions[path[end - 1]].name;
      if (out.empty()) {
        const std::size_t left = room > tail + 8 ? room - tail : 8;
        out = pen_.name(whole, left) + times;
      } else {
        std::string name = pen_.name(whole, kLongestName);
        name.append(times).append(arrow);
        const std::size_t needed =
            display_width(name) + display_width(out) + (begin == 0 ? 0 : display_width(cut));
        if (needed > room) return cut + out;
        out.insert(0, name);
      }
      end = begin;
    }
    return out;
  }

  [[nodiscard]] bool has_mark(char mark) const {
    return std::any_of(figures_.shown.begin(), figures_.shown.end(),
                       [&](const DiffEntry& entry) { return mark_of(entry.change) == mark; });
  }

  void foot() {
    const std::size_t within = figures_.compared - figures_.beyond_error;
    const std::size_t listed = static_cast<std::size_t>(
        std::count_if(figures_.shown.begin(), figures_.shown.end(),
                      [](const DiffEntry& e) { return e.change.is_beyond(kShownSigmas); }));
    if (figures_.beyond_error == 0) {
      add("No change is outside the error (" + format_count(figures_.compared) + " compared).");
    } else if (!options_.all && within != 0) {
      add(format_count(within) + (within == 1 ? " more change is" : " more changes are") +
          " within the error.");
    }
    if (listed < figures_.beyond_error) {
      add(format_count(figures_.beyond_error - listed) +
          " more outside the error: -n 0 shows all.");
    }
    if (has_mark('?')) {
      // The normal distribution leaves 4.28 % between two and three sigma.
      constexpr double kByChance = 0.0428;
      const auto chance = static_cast<std::uint64_t>(
          std::ceil(static_cast<double>(figures_.countable) * kByChance));
      add("? 2 to 3 sigma: of " + format_count(figures_.countable) +
          " with 20 samples or more, up to " + format_count(chance) + " look so by chance.");
    }
    if (has_mark('~')) add("~ within the error, or fewer than 20 samples.");
  }

  void warn(const std::string& text) { add(pen_.paint("!", Colour::kYellow) + " " + text); }

  void warnings() {
    constexpr std::array kNames = {"before", "after"};
    constexpr double kMuchLost = 0.01;
    constexpr double kUnlike = 0.02;
    for (std::size_t side = 0; side < 2; ++side) {
      const DiffSideFacts& facts = input_.facts.at(side);
      const double lost = ratio(facts.lost, facts.lost + facts.all.samples);
      if (lost >= kMuchLost) {
        warn(std::string(kNames.at(side)) + ": " + format_percent(lost) + " of the samples lost");
      }
      if (facts.negative != 0) {
        warn(std::string(kNames.at(side)) + ": " + format_count(facts.negative) +
             " samples with negative values left out: is it a difference already?");
      }
    }
    const double before = input_.facts[0].whole_share;
    const double after = input_.facts[1].whole_share;
    if (std::abs(after - before) >= kUnlike) {
      warn("stacks whole: " + format_percent(before) + " before, " + format_percent(after) +
           " after; totals and paths of cut stacks miss their callers");
    }
  }

  const DiffInput& input_;
  const ProfileDiff& diff_;
  const DiffFigures& figures_;
  const DiffOptions& options_;
  const Pen& pen_;
  DiffJudge judge_;
  Format format_;
  bool marked_;  // some row needs a mark
  Lines lines_;
};

}  // namespace

std::string diff_text(const DiffInput& input, const ProfileDiff& diff, const DiffFigures& figures,
                      const DiffOptions& options, const Pen& pen) {
  return DiffPrinter(input, diff, figures, options, pen).print();
}

std::string grown_text(const ProfileDiff& diff, const DiffFigures& figures,
                       const DiffOptions& options, const Pen& pen) {
  constexpr std::size_t kLines = 10;
  const DiffBy by = options.paths ? DiffBy::kFunction : options.by;
  constexpr std::size_t kLongestName = 100;
  const Format format(figures.grown, options.absolute, pen);
  const std::size_t count = figures.grown.size();
  std::string kind = by == DiffBy::kProcess ? "process"
                     : by == DiffBy::kImage ? "image"
                                            : "function";
  if (count != 1) kind += by == DiffBy::kProcess ? "es" : "s";
  std::string out = format_count(count) + " " + kind + " grew by more than " +
                    format_percent(*options.fail_above) +
                    (options.absolute ? " of all CPU time before" : " of all CPU time");
  for (std::size_t i = 0; i < std::min(count, kLines); ++i) {
    const DiffEntry& entry = figures.grown[i];
    const DiffItem& item = diff.items(by)[entry.item];
    out.append("\n  ").append(format.with_error(entry.change)).append("  ");
    out.append(format.value(entry.change.before)).append(" -> ");
    out.append(format.value(entry.change.after)).append("  ");
    out.append(pen.name(item.name, kLongestName));
    if (by == DiffBy::kFunction && !item.image.empty()) {
      out.append(" (").append(place_of(item.image, pen)).append(")");
    }
  }
  if (count > kLines) out += "\n  and " + format_count(count - kLines) + " more";
  return out;
}

}  // namespace sonde
