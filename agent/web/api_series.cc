// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_series.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/store/window_totals.h"
#include "agent/web/api_answer.h"
#include "agent/web/series_query.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/proc_stat.h"
#include "exporters/text/json_text.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxGroups = 1'000;

// Stretches of time of one length, from the begin of the range on; those without a window are left
// out.
class Columns {
 public:
  Columns(const TimeRange& range, std::uint64_t points, std::uint64_t window_ns)
      : begin_ns_(static_cast<std::uint64_t>(range.from_ns)) {
    const auto length = static_cast<std::uint64_t>(range.to_ns - range.from_ns);
    const std::uint64_t windows = (length + window_ns - 1) / window_ns;
    step_ns_ = std::max<std::uint64_t>((windows + points - 1) / points, 1) * window_ns;
  }

  struct Column {
    std::uint64_t cover_ns = 0;
    std::uint64_t lost = 0;
    Totals totals;
  };

  void add(std::uint64_t begin_ns, std::uint64_t end_ns, std::uint64_t lost) {
    Column& column = at_[number_of(begin_ns)];
    column.cover_ns += end_ns - std::min(begin_ns, end_ns);
    column.lost += lost;
  }
  // False if no window that begins there was added: it came in between, and is left out.
  bool add(std::uint64_t begin_ns, const Totals& totals) {
    const auto found = at_.find(number_of(begin_ns));
    if (found == at_.end()) return false;
    found->second.totals += totals;
    return true;
  }
  [[nodiscard]] std::uint64_t number_of(std::uint64_t begin_ns) const {
    return (begin_ns - begin_ns_) / step_ns_;
  }
  [[nodiscard]] std::uint64_t begin_ms(std::uint64_t number) const {
    return to_ms(begin_ns_ + number * step_ns_);
  }
  [[nodiscard]] std::uint64_t step_ns() const { return step_ns_; }
  [[nodiscard]] const std::map<std::uint64_t, Column>& all() const { return at_; }

 private:
  std::uint64_t begin_ns_;
  std::uint64_t step_ns_ = 0;
  std::map<std::uint64_t, Column> at_;  // by number
};

// What the processes with one value of a label used together.
struct Group {
  std::string value;
  Totals totals;
  std::map<std::uint32_t, std::uint64_t> pids;    // end of the last window that has it
  std::map<std::uint64_t, std::uint64_t> cpu_ns;  // by column
  std::uint64_t first_ns = ~std::uint64_t{0};
  std::uint64_t last_ns = 0;

  void add(const Columns& columns, const SeriesPoint& point) {
    totals += point.totals;
    cpu_ns[columns.number_of(point.begin_ns)] += point.totals.cpu_ns;
    first_ns = std::min(first_ns, point.begin_ns);
    last_ns = std::max(last_ns, point.end_ns);
  }
};

std::string value_of(const Labels& labels, const std::string& name) {
  const auto found = labels.find(name);
  return found == labels.end() ? "" : found->second;
}

// Unix time; none if it cannot be told. cost  20 us
std::optional<std::uint64_t> start_ns_of(std::uint32_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", 4'096);
  const auto stat = text ? parse_proc_stat(*text) : Result<ProcStat>(text.error());
  if (!stat) return std::nullopt;
  const std::uint64_t boot_ns = wall_ns() - clock_ns(CLOCK_BOOTTIME);
  const auto ticks_per_s = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return boot_ns + stat->start_ticks * (1'000'000'000 / ticks_per_s);
}

// Whether the process runs that had this id then: another one may have it now.
bool is_running(std::uint32_t pid, std::uint64_t seen_ns) {
  if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return false;
  const auto start = start_ns_of(pid);
  return !start || *start < seen_ns;
}

// End of a group's last window if all its processes are gone, else 0.
std::uint64_t exited_ns(const Group& group) {
  const auto runs = [](const auto& process) { return is_running(process.first, process.second); };
  if (group.pids.empty() || std::ranges::any_of(group.pids, runs)) return 0;
  return group.last_ns;
}

class SeriesAnswer {
 public:
  SeriesAnswer(const ApiSources& sources, const SeriesQuery& query, const AgentFacts& facts)
      : sources_(sources),
        query_(query),
        facts_(facts),
        range_(history_range(query.range)),
        columns_(query.range, query.points, facts.window_ns) {}

  Result<void> read() {
    // The open windows first: what is stored after that is known by the copies' begins.
    std::vector<WindowTotals> open = query_.live ? read_open() : std::vector<WindowTotals>();
    const auto windows = sources_.history.windows(range_);
    if (!windows) return windows.error();
    for (const HistoryWindow& one : *windows) columns_.add(one.begin_ns, one.end_ns, one.lost);
    std::erase_if(open, [&](const auto& one) { return has_window(*windows, one.begin_ns); });
    std::vector<std::uint64_t> begins;
    begins.reserve(open.size());
    for (const WindowTotals& one : open) begins.push_back(one.begin_ns);
    if (auto done = read_sums(std::move(begins)); !done) return done.error();
    for (const WindowTotals& one : open) add_open(one);
    return {};
  }

  // closed  the answer has to be the same at any time
  [[nodiscard]] std::string text(bool closed) const {
    const auto extent = sources_.history.extent();
    std::string out;
    JsonText json(out);
    json.open('{').key("v").number(1);
    json.key("from").number(to_ms(range_.begin_ns)).key("to").number(to_ms(range_.end_ns));
    json.key("step").number(to_ms(columns_.step_ns()));
    if (!closed) json.key("now").number(to_ms(sources_.now_ns()));
    json.key("history").number(extent ? to_ms(extent->oldest_begin_ns) : 0);
    json.key("ncpu").number(facts_.cpu_count);
    json.key("rates").open('[').number(facts_.rate_hz).close(']');
    write_columns(json);
    if (!query_.group.empty()) write_groups(json);
    json.close('}');
    return out;
  }

 private:
  // Those that begin in the range.
  std::vector<WindowTotals> read_open() {
    std::vector<WindowTotals> out;
    const OpenWindows open = sources_.open_windows();
    for (const ClosedWindow& one : open.windows) {
      const std::uint64_t begin_ns = one.meta.begin_ns;
      if (begin_ns >= range_.begin_ns && begin_ns < range_.end_ns) out.push_back(totals_of(one));
    }
    return out;
  }

  Result<void> read_sums(std::vector<std::uint64_t> without_ns) {
    SumOptions options;
    options.group_by.emplace();
    if (!query_.group.empty()) options.group_by = std::vector<std::string>{query_.group, "pid"};
    options.step_ns = columns_.step_ns();
    options.without_ns = std::move(without_ns);
    options.deadline = std::chrono::steady_clock::now() + sources_.patience;
    const auto series = sources_.history.series({range_, query_.match}, options);
    if (!series) return series.error();
    for (const Series& one : *series) {
      for (const SeriesPoint& point : one.points) {
        if (one.folded > 0) {
          take_folded(point);
        } else {
          take(one.group, point);
        }
      }
      folded_ += one.folded;
    }
    return {};
  }

  void add_open(const WindowTotals& window) {
    columns_.add(window.begin_ns, window.end_ns, window.lost);
    for (const TargetTotals& target : window.targets) {
      if (!matches_all(query_.match, target.labels)) continue;
      take(target.labels, {window.begin_ns, window.end_ns, target.totals});
    }
  }

  void take_folded(const SeriesPoint& point) {
    if (columns_.add(point.begin_ns, point.totals)) others_ += point.totals;
  }

  void take(const Labels& labels, const SeriesPoint& point) {
    if (!columns_.add(point.begin_ns, point.totals) || query_.group.empty()) return;
    const std::string value = value_of(labels, query_.group);
    Group& group = groups_[value];
    group.value = value;
    group.add(columns_, point);
    const std::string pid = value_of(labels, "pid");
    std::uint32_t number = 0;
    std::from_chars(pid.data(), pid.data() + pid.size(), number);
    if (number == 0) return;
    std::uint64_t& seen_ns = group.pids[number];
    seen_ns = std::max(seen_ns, point.end_ns);
  }

  void write_columns(JsonText& json) const {
    const auto& all = columns_.all();
    const auto column = [&](std::string_view name, auto&& value_of_one) {
      json.array(name, all, [&](const auto& one) { return value_of_one(one.second); });
    };
    json.array("t", all, [&](const auto& one) { return columns_.begin_ms(one.first); });
    column("cover", [](const Columns::Column& one) { return to_ms(one.cover_ns); });
    column("user", [](const Columns::Column& one) {
      return one.totals.cpu_ns - std::min(one.totals.kernel_ns, one.totals.cpu_ns);
    });
    column("kernel", [](const Columns::Column& one) { return one.totals.kernel_ns; });
    column("samples", [](const Columns::Column& one) { return one.totals.samples; });
    column("lost", [](const Columns::Column& one) { return one.lost; });
  }

  void write_groups(JsonText& json) const {
    std::vector<const Group*> heaviest;
    for (const auto& [value, group] : groups_) heaviest.push_back(&group);
    std::ranges::stable_sort(heaviest, std::ranges::greater{},
                             [](const Group* one) { return one->totals.cpu_ns; });
    const std::size_t shown = std::min(heaviest.size(), kMaxGroups);
    json.key("groups").open('[');
    for (std::size_t i = 0; i < shown; ++i) write_group(json, *heaviest[i]);
    json.close(']');
    Totals rest = others_;
    for (std::size_t i = shown; i < heaviest.size(); ++i) rest += heaviest[i]->totals;
    json.key("others").open('{').key("values").number(heaviest.size() - shown);
    write_totals(json, rest);
    if (folded_ > 0) json.key("folded").number(folded_);
    json.close('}');
  }

  static void write_totals(JsonText& json, const Totals& totals) {
    json.key("user").number(totals.cpu_ns - std::min(totals.kernel_ns, totals.cpu_ns));
    json.key("kernel").number(totals.kernel_ns).key("samples").number(totals.samples);
  }

  void write_group(JsonText& json, const Group& group) const {
    json.open('{').key("value").text(group.value);
    write_totals(json, group.totals);
    json.key("whole").number(group.totals.whole).key("early").number(group.totals.early);
    json.key("pids").number(group.pids.size());
    json.key("pid").number(group.pids.empty() ? 0 : group.pids.begin()->first);
    json.array("cpu", columns_.all(), [&](const auto& column) {
      const auto found = group.cpu_ns.find(column.first);
      return found == group.cpu_ns.end() ? 0 : found->second;
    });
    json.key("first").number(to_ms(group.first_ns)).key("last").number(to_ms(group.last_ns));
    const bool lives = query_.group == "process" || query_.group == "pid";
    json.key("exited").number(lives ? to_ms(exited_ns(group)) : 0).close('}');
  }

  const ApiSources& sources_;
  const SeriesQuery& query_;
  const AgentFacts& facts_;
  const HistoryRange range_;
  Columns columns_;
  std::map<std::string, Group> groups_;
  Totals others_;             // of what the history put together
  std::uint64_t folded_ = 0;  // how much that was
};

}  // namespace

HttpResponse answer_series(const ApiSources& sources, const HttpRequest& request) {
  auto query = parse_series_query(request.query, static_cast<std::int64_t>(sources.now_ns()));
  if (!query) return error_answer(query.error());
  const AgentFacts facts = sources.facts();
  if (!query->live) {
    query->range = in_whole_windows(query->range, static_cast<std::int64_t>(facts.window_ns));
  }
  const bool was_closed = is_closed(sources, query->range);
  SeriesAnswer series(sources, *query, facts);
  if (auto done = series.read(); !done) return error_answer(done.error());
  const bool closed = was_closed && is_closed(sources, query->range);
  HttpResponse answer{.body = series.text(closed)};
  if (closed) mark_closed(request, answer);
  return answer;
}

}  // namespace sonde
