// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/top_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "agent/cli/call_view.h"
#include "agent/cli/figures.h"
#include "agent/cli/text.h"
#include "core/model/aggregate.h"
#include "core/model/books.h"
#include "core/model/call_tree.h"

namespace sonde {
namespace {

constexpr std::size_t kWide = 120;  // columns from which on there is more to see
constexpr std::size_t kBarCells = 15;
constexpr std::size_t kLongestHost = 20;
constexpr std::size_t kFigure = 6;  // columns of `112.5`, `KERN`

// One column of the table, and where the user sees it.
struct Column {
  std::string head;
  std::size_t width = 0;
  bool is_right = false;  // aligned
};

std::string cores_text(double cores) { return format_fixed(cores, cores < 99.95 ? 2 : 1); }

// `text` in `width` columns, its end kept: paths differ there.
std::string tail_of(std::string_view text, std::size_t width, const Pen& pen) {
  if (display_width(text) <= width) return std::string(text);
  const std::size_t dots = display_width(pen.ellipsis());
  return std::string(pen.ellipsis()).append(fitting_tail(text, width - std::min(width, dots)));
}

void crop(Lines& lines, const Pen& pen) {
  for (std::string& line : lines) {
    if (display_width(line) <= pen.width()) continue;
    line = fitting_head(line, pen.width());
    if (pen.terminal().colour) line += "\x1b[0m";
  }
}

std::string trend_text(const std::vector<double>& cores, const Pen& pen) {
  constexpr std::array<std::string_view, 8> kLevels = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::string_view kAscii = "_.-:=+*#";
  const double most = cores.empty() ? 0.0 : *std::ranges::max_element(cores);
  std::string out;
  for (const double value : cores) {
    const double part = most > 0 ? value / most * 7 : 0;
    const auto level = static_cast<std::size_t>(std::lround(std::clamp(part, 0.0, 7.0)));
    out += pen.terminal().utf8 ? kLevels.at(level) : kAscii.substr(level, 1);
  }
  return out;
}

class TopView {
 public:
  TopView(const TopWindow& window, const TopTrends& trends, const TopState& state,
          const TopScreen& screen, const Pen& pen)
      : window_(window), trends_(trends), state_(state), screen_(screen), pen_(pen) {
    set_columns();
  }

  Lines render() && {
    add_head();
    if (state_.stacks) {
      add_stacks();
    } else {
      add_table();
    }
    if (screen_.has_keys) {
      lines_.resize(std::max<std::size_t>(screen_.height, 2) - 1);
      lines_.push_back(key_line());
    }
    crop(lines_, pen_);
    return std::move(lines_);
  }

 private:
  [[nodiscard]] bool is_wide() const { return pen_.width() >= kWide; }
  [[nodiscard]] bool is_of_functions() const { return state_.by == TopBy::kFunction; }

  // What is left of the width goes to names; functions need more of it than processes.
  void set_columns() {
    const std::size_t width = pen_.width();
    const bool narrow = width < 64;
    const std::size_t figures = 2 * (kFigure + 1);
    if (is_of_functions()) {
      const std::size_t place = narrow ? 0 : is_wide() ? 24 : 20;
      const std::size_t process = is_wide() ? 20 : 0;
      const std::size_t trend = is_wide() ? TopTrends::kWindows + 2 : 0;
      const std::size_t others =
          figures + (place > 0 ? place + 2 : 0) + trend + (process > 0 ? process + 2 : 0);
      columns_.push_back({"FUNCTION", width - others, false});
      add_figures("SELF", "TOTAL");
      if (place > 0) columns_.push_back({" WHERE", place + 1, false});
      if (process > 0) columns_.push_back({" HOTTEST IN", process + 1, false});
      return;
    }
    const bool cgroups = state_.by == TopBy::kCgroup;
    const std::size_t name = cgroups ? width * 2 / 5 : narrow ? 16 : 20;
    columns_.push_back({cgroups ? "CGROUP" : "PROCESS", name, false});
    const std::size_t pid = narrow ? 0 : 7;
    if (pid > 0) columns_.push_back({cgroups ? "PROCS" : "PID", pid, true});
    add_figures("CPU", "KERN");
    const std::size_t place = is_wide() ? 24 : 0;
    const std::size_t used = name + (pid > 0 ? pid + 1 : 0) + figures + (is_wide() ? 23 : 0) +
                             (place > 0 ? place + 1 : 0) + 2;
    columns_.push_back({" HOTTEST FUNCTION", width - used + 1, false});
    if (place > 0) columns_.push_back({"WHERE", place, false});
  }

  void add_figures(const char* first, const char* second) {
    columns_.push_back({first, kFigure, true});
    columns_.push_back({second, kFigure, true});
    if (!is_wide()) return;
    if (!is_of_functions()) columns_.push_back({"WHOLE", 8, true});
    columns_.push_back({" TREND", TopTrends::kWindows + 1, false});
  }

  [[nodiscard]] std::string line(const std::vector<std::string>& cells) const {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out += ' ';
      out += columns_[i].is_right ? pad_left(cells[i], columns_[i].width)
                                  : pad_right(cells[i], columns_[i].width);
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
  }

  // --- head -------------------------------------------------------------------------------------

  void add_head() {
    const ProfileMeta& meta = window_.profile.meta;
    const double busy = busy_cores(window_.profile);
    const std::string cpu = "CPU " + cpu_bar(busy, meta.cpu_count) + cores_text(busy) + " of " +
                            std::to_string(meta.cpu_count);
    std::string mode = state_.held ? pen_.paint("held", Colour::kYellow) : "live " + screen_.length;
    lines_.push_back(pen_.name(meta.host, kLongestHost) + " " + screen_.clock + " " + mode + "   " +
                     cpu);
    const StackTotals stacks = count_stacks(window_.profile);
    const std::uint64_t samples = stacks.all.samples;
    const std::uint64_t lost = lost_of(meta);
    std::vector<std::string> trust = {
        "stacks " + format_percent(whole_share(stacks.whole, samples, stacks.early)) + " whole, " +
            format_count(lost) + " lost",
        format_count(samples) + " samples at " + std::to_string(meta.rate_hz) + " Hz"};
    if (!state_.kernel) trust.emplace_back("kernel off");
    if (const auto left_out = meta.notes.find("windows_left_out"); left_out != meta.notes.end()) {
      trust.push_back(format_count(left_out->second) +
                      (left_out->second == 1 ? " window" : " windows") +
                      " left out: names took longer");
    }
    for (std::string& text : flow(trust, pen_.width())) lines_.push_back(std::move(text));
    for (const std::string& limit : screen_.limits) {
      lines_.push_back(pen_.paint("!", Colour::kYellow) + " " + pen_.name(limit));
    }
    lines_.emplace_back();
  }

  [[nodiscard]] std::string cpu_bar(double busy, std::uint32_t cpus) const {
    if (pen_.width() < 64) return "";
    const double share = cpus == 0 ? 0 : busy / cpus;
    const auto full = static_cast<std::size_t>(std::lround(share * kBarCells));
    std::string out;
    std::string rest;
    for (std::size_t i = 0; i < kBarCells; ++i) {
      (i < full ? out : rest) += i < full ? pen_.sign("█", "#") : pen_.sign("░", "-");
    }
    return pen_.paint(out, Colour::kGreen) + rest + " ";
  }

  // --- table ------------------------------------------------------------------------------------

  void add_table() {
    std::vector<std::string> heads;
    std::vector<std::string> units(columns_.size());
    for (const Column& column : columns_) heads.push_back(column.head);
    const std::size_t figure = is_of_functions() || columns_[1].head == "CPU" ? 1 : 2;
    units[figure] = "cores";
    lines_.push_back(pen_.paint(line(heads), Colour::kDim));
    lines_.push_back(pen_.paint(line(units), Colour::kDim));

    const std::vector<TopRow> rows = listed_rows(window_, state_);
    const std::size_t below = 2 + (screen_.has_keys ? 2 : 0);  // others, sonde; the keys
    const std::size_t used = lines_.size() + below;
    const std::size_t room = screen_.height > used + 1 ? screen_.height - used : 1;
    const auto selected = std::ranges::find(rows, state_.selected, &TopRow::key);
    const auto at = static_cast<std::size_t>(selected - rows.begin());
    const bool is_below = selected != rows.end() && at >= room;
    const std::size_t first = is_below ? at - room + 1 : 0;
    const std::size_t end = std::min(rows.size(), first + room);
    for (std::size_t i = first; i < end; ++i) add_row(rows[i]);
    add_others(std::vector<TopRow>(rows.begin() + static_cast<std::ptrdiff_t>(first),
                                   rows.begin() + static_cast<std::ptrdiff_t>(end)));
    TopRow own = own_row(window_);
    lines_.push_back(line(cells_of(own, "sonde")));
  }

  void add_row(const TopRow& row) {
    const bool is_selected = screen_.has_keys && !row.key.empty() && row.key == state_.selected;
    const std::string mark(is_selected ? pen_.sign("▸ ", "> ") : "");
    const std::size_t room = columns_[0].width - display_width(mark);
    std::string name;
    if (is_of_functions()) {
      name = pen_.name(row.name, room);
    } else if (state_.by == TopBy::kCgroup) {
      name = tail_of(pen_.name(row.name), room, pen_);
    } else {
      const std::string count =
          row.processes > 1 ? " " + std::string(pen_.sign("×", "x")) + std::to_string(row.processes)
                            : "";
      name = pen_.name(row.name, room - std::min(room, display_width(count))) + count;
    }
    name = mark + name;
    lines_.push_back(line(cells_of(row, is_selected ? pen_.paint(name, Colour::kBold) : name)));
  }

  // Rows that are not shown, as one.
  void add_others(const std::vector<TopRow>& shown) {
    TopRow sum;
    std::size_t count = 0;
    for (const TopRow& row : top_rows(window_, state_.by, state_.kernel)) {
      if (std::ranges::find(shown, row.key, &TopRow::key) != shown.end()) continue;
      count += state_.by == TopBy::kProcess ? row.processes : 1;
      sum.cpu_ns += row.cpu_ns;
      sum.second_ns += row.second_ns;
      sum.samples += row.samples;
      sum.whole += row.whole;
      sum.early += row.early;
      if (row.hottest_ns < sum.hottest_ns || is_of_functions()) continue;
      sum.hottest = row.hottest;
      sum.hottest_ns = row.hottest_ns;
      sum.image = row.image;
      sum.origin = row.origin;
    }
    if (count == 0) return;
    if (is_of_functions()) sum.second_ns = 0;  // stacks of several of them would count twice
    lines_.push_back(
        line(cells_of(sum, format_count(count) + (count == 1 ? " other" : " others"))));
  }

  // Cells by column; what a row does not know is `-`.
  [[nodiscard]] std::vector<std::string> cells_of(const TopRow& row, std::string name) const {
    const std::uint64_t length_ns = window_.profile.meta.duration_ns;
    const bool is_sum = row.key.empty();
    std::vector<std::string> out = {std::move(name)};
    for (std::size_t i = 1; i < columns_.size(); ++i) {
      const std::string& head = columns_[i].head;
      const std::size_t width = columns_[i].width;
      if (head == "PID" || head == "PROCS") {
        const std::uint64_t value = head == "PID" ? row.pid : row.processes;
        out.push_back(value == 0 ? "-" : std::to_string(value));
      } else if (head == "CPU" || head == "SELF") {
        out.push_back(cores_text(ratio(row.cpu_ns, length_ns)));
      } else if (head == "KERN" || head == "TOTAL") {
        const bool known = row.samples > 0 && !(is_sum && is_of_functions());
        out.push_back(known ? cores_text(ratio(row.second_ns, length_ns)) : "-");
      } else if (head == "WHOLE") {
        out.push_back(row.samples == 0
                          ? "-"
                          : format_percent(whole_share(row.whole, row.samples, row.early)));
      } else if (head == " TREND") {
        out.push_back(is_sum ? "" : " " + trend_text(trends_.of(state_.by, row.key), pen_));
      } else if (head == " WHERE" || head == "WHERE") {
        const std::string place = row.image.empty() ? "" : place_of(row.image, pen_);
        const std::size_t gap = head.front() == ' ' ? 1 : 0;
        out.push_back(std::string(gap, ' ') +
                      pen_.paint(pen_.name(place, width - gap), colour_of(row.origin)));
      } else {
        out.push_back(" " + hottest_text(row, width - 1));
      }
    }
    return out;
  }

  [[nodiscard]] std::string hottest_text(const TopRow& row, std::size_t width) const {
    if (row.hottest.empty()) return "-";
    const bool of_kernel = row.origin == Origin::kKernel && !is_wide() && !is_of_functions();
    const std::string prefix = of_kernel ? "[kernel] " : "";
    const std::size_t room = width - std::min(width, prefix.size());
    return prefix + pen_.name(row.hottest, room);
  }

  // --- stacks -----------------------------------------------------------------------------------

  void add_stacks() {
    const std::vector<TopRow> rows = top_rows(window_, state_.by, state_.kernel);
    const auto row = std::ranges::find(rows, state_.selected, &TopRow::key);
    if (row == rows.end()) {
      lines_.push_back(pen_.name(state_.selected.substr(0, state_.selected.find('\n'))) +
                       ": not on the CPUs in this window");
      return;
    }
    const std::uint64_t length_ns = window_.profile.meta.duration_ns;
    const std::uint64_t all_ns = is_of_functions() ? row->second_ns : row->cpu_ns;
    const std::string figures = "   " + cores_text(ratio(all_ns, length_ns)) + " cores, " +
                                format_count(row->samples) + " samples" +
                                (is_of_functions() ? ", by callers" : "");
    const std::size_t room = pen_.width() - std::min(pen_.width(), display_width(figures));
    lines_.push_back(pen_.paint(pen_.name(row->name, room), Colour::kBold) + figures);
    lines_.emplace_back();
    const std::size_t used = lines_.size() + 2;
    const std::size_t left = screen_.height > used ? screen_.height - used : 1;
    for (std::string& text : tree_of(*row, all_ns, left)) lines_.push_back(std::move(text));
  }

  [[nodiscard]] Lines tree_of(const TopRow& row, std::uint64_t all_ns, std::size_t lines) const {
    if (!is_of_functions()) {
      const SymbolizedProfile profile = only_row(window_, state_.by, row.key, state_.kernel);
      const FunctionTable functions(profile);
      return tree_lines(functions, build_call_tree(profile, functions), all_ns, lines, pen_);
    }
    const SymbolizedProfile profile = without_own(window_, state_.kernel);
    const FunctionTable functions(profile);
    FunctionMatch match{.chosen = std::vector<bool>(functions.size()), .count = 1, .exact = true};
    for (std::uint32_t i = 0; i < functions.size(); ++i) {
      match.chosen[i] = functions[i].name == row.name && functions[i].image == row.image;
    }
    return tree_lines(functions, build_call_tree(profile, functions, match, Direction::kCallers),
                      all_ns, lines, pen_);
  }

  // --- keys -------------------------------------------------------------------------------------

  [[nodiscard]] std::string key_line() const {
    if (state_.types) {
      return "/ " + pen_.name(state_.find) + "_   Enter keep  Esc clear";
    }
    std::vector<std::string> keys;
    if (state_.stacks) {
      keys = {"Esc back"};
    } else {
      const char* second = is_of_functions() ? "TOTAL" : "KERN";
      const char* first = is_of_functions() ? "SELF" : "CPU";
      const std::string sort = state_.sort == TopSort::kCpu      ? first
                               : state_.sort == TopSort::kSecond ? second
                                                                 : "name";
      keys = {"p processes",
              "c cgroups",
              "f functions",
              "s sort: " + sort,
              state_.find.empty() ? "/ find" : "/ " + pen_.name(state_.find),
              "Enter stacks"};
    }
    keys.emplace_back("Space hold");
    keys.emplace_back("k kernel");
    // What does not fit is left out from the end; how to leave is always there.
    std::string out;
    for (const std::string& key : keys) {
      if (display_width(out) + display_width(key) + 2 + 6 > pen_.width()) break;
      out += key + "  ";
    }
    return out + "q quit";
  }

  const TopWindow& window_;
  const TopTrends& trends_;
  const TopState& state_;
  const TopScreen& screen_;
  const Pen& pen_;
  std::vector<Column> columns_;
  Lines lines_;
};

}  // namespace

std::vector<TopRow> listed_rows(const TopWindow& window, const TopState& state) {
  std::vector<TopRow> rows = top_rows(window, state.by, state.kernel);
  std::erase_if(rows, [&](const TopRow& row) {
    return !finds(state.find, row.name) || (state.by == TopBy::kFunction && row.second_ns == 0);
  });
  sort_rows(rows, state.sort);
  return rows;
}

std::size_t listed_lines(const TopScreen& screen) {
  // Two lines of head, an empty one, heads and units; below others, sonde, an empty line, keys.
  const std::size_t others = 5 + screen.limits.size() + 2 + (screen.has_keys ? 2 : 0);
  return screen.height > others + 1 ? screen.height - others : 1;
}

Lines top_lines(const TopWindow& window, const TopTrends& trends, const TopState& state,
                const TopScreen& screen, const Pen& pen) {
  return TopView(window, trends, state, screen, pen).render();
}

Lines top_waiting_lines(const TopScreen& screen, const Pen& pen) {
  Lines lines = {"the first " + screen.length + " are being sampled"};
  for (const std::string& limit : screen.limits) {
    lines.push_back(pen.paint("!", Colour::kYellow) + " " + pen.name(limit));
  }
  lines.resize(std::max<std::size_t>(screen.height, lines.size() + 1) - 1);
  lines.emplace_back("q quit");
  crop(lines, pen);
  return lines;
}

}  // namespace sonde
