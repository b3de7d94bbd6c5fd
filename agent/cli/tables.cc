// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/tables.h"

#include <algorithm>

#include "agent/cli/figures.h"
#include "agent/cli/text.h"

namespace sonde {
namespace {

constexpr std::size_t kFigureWidth = 6;
constexpr std::size_t kGap = 2;

std::string fit_place(std::string_view place, std::size_t width, const Pen& pen) {
  if (display_width(place) <= width) return std::string(place);
  const std::size_t dots = display_width(pen.ellipsis());
  const std::string_view head = fitting_head(place, width > dots ? width - dots : 0);
  return std::string(head).append(pen.ellipsis());
}

// Columns for `where` (22 of 80); the function's name gets the rest.
std::size_t place_width(std::size_t width) {
  if (width <= 80) return std::max<std::size_t>(10, width * 22 / 80);
  return std::min<std::size_t>(40, 22 + (width - 80) / 4);
}

// A table's cells are 8 columns: `<0.01 %` keeps one free.
std::string percent_of(std::uint64_t part, std::uint64_t whole) {
  std::string text = format_percent(ratio(part, whole));
  if (text.starts_with("< ")) text.erase(1, 1);
  return text;
}

}  // namespace

std::string place_of(std::string_view image, const Pen& pen) {
  if (image.empty()) return std::string(pen.sign("–", "-"));
  if (image == "[kernel.kallsyms]") return "[kernel]";
  constexpr std::string_view kDeleted = " (deleted)";
  if (image.ends_with(kDeleted)) image.remove_suffix(kDeleted.size());
  if (const std::size_t slash = image.rfind('/'); slash != std::string_view::npos) {
    image.remove_prefix(slash + 1);
  }
  return pen.name(image);
}

std::string place_of(const FunctionTable::Entry& function, const Pen& pen) {
  if (function.image.empty() && function.origin == Origin::kKernel) return "[kernel]";
  if (function.image.empty() && function.origin == Origin::kJit) return "[jit]";
  return place_of(function.image, pen);
}

Lines figure_table(const std::vector<std::string>& heads, const std::vector<FigureRow>& rows,
                   const Pen& pen) {
  const std::size_t figures = heads.size() - 2;
  std::vector<std::size_t> widths(figures, kFigureWidth);
  std::size_t margin = 0;
  for (std::size_t i = 0; i < figures; ++i) {
    widths[i] = std::max(widths[i], display_width(heads[i]));
    for (const FigureRow& row : rows) {
      widths[i] = std::max(widths[i], display_width(row.figures[i]));
    }
    margin += widths[i] + kGap;
  }
  const std::size_t places = heads.back().empty() ? 0 : place_width(pen.width()) + kGap;
  const std::size_t name_width =
      std::max<std::size_t>(margin + 10, pen.width() - std::min(pen.width(), places)) - margin;
  const std::size_t place_at = margin + name_width + kGap;
  const auto line = [&](const std::vector<std::string>& cells, const std::string& name,
                        const std::string& place) {
    std::string out;
    for (std::size_t i = 0; i < figures; ++i) {
      out += pad_left(cells[i], widths[i]) + std::string(kGap, ' ');
    }
    return out + (place.empty() ? name : pad_right(name, name_width + kGap) + place);
  };

  Lines out;
  out.push_back(pen.paint(line(heads, heads[figures], heads.back()), Colour::kDim));
  const std::size_t left = pen.width() > place_at ? pen.width() - place_at : 0;
  for (const FigureRow& row : rows) {
    out.push_back(line(row.figures, pen.name(row.name, name_width),
                       pen.paint(fit_place(row.place, left, pen), colour_of(row.origin))));
  }
  return out;
}

Lines function_lines(const FunctionTable& functions, const std::vector<FunctionTotals>& totals,
                     std::uint64_t all_ns, std::size_t rows, const Pen& pen) {
  std::vector<FigureRow> out;
  for (std::size_t i = 0; i < std::min(rows, totals.size()); ++i) {
    const FunctionTable::Entry& function = functions[totals[i].function];
    out.push_back(FigureRow{.figures = {percent_of(totals[i].self.cpu_ns, all_ns),
                                        percent_of(totals[i].total.cpu_ns, all_ns)},
                            .name = function.name,
                            .place = place_of(function, pen),
                            .origin = function.origin});
  }
  return figure_table({"self", "total", "function", "where"}, out, pen);
}

Lines image_lines(const std::vector<ImageTotals>& totals, std::uint64_t all_ns, std::size_t rows,
                  const Pen& pen) {
  std::vector<FigureRow> out;
  for (std::size_t i = 0; i < std::min(rows, totals.size()); ++i) {
    out.push_back(FigureRow{.figures = {percent_of(totals[i].self.cpu_ns, all_ns),
                                        percent_of(totals[i].total.cpu_ns, all_ns)},
                            .name = totals[i].image.empty() ? "(no file)" : totals[i].image,
                            .place = {},
                            .origin = Origin::kOwn});
  }
  return figure_table({"self", "total", "image", ""}, out, pen);
}

Lines process_lines(const std::vector<ProcessTotals>& totals, std::uint64_t all_ns,
                    std::size_t rows, std::size_t name_width, const Pen& pen) {
  constexpr std::size_t kCell = 8;
  Lines out;
  out.push_back(pen.paint(pad_right("by process", name_width) + pad_left("CPU", kCell) +
                              pad_left("kernel", kCell) + pad_left("whole", kCell),
                          Colour::kDim));
  for (std::size_t i = 0; i < std::min(rows, totals.size()); ++i) {
    const ProcessTotals& row = totals[i];
    std::string copies;
    if (row.pids.size() > 1) {
      copies = " " + std::string(pen.sign("×", "x")) + format_count(row.pids.size());
    }
    const std::size_t room = name_width - std::min(name_width, display_width(copies));
    const std::string name = row.name.empty() ? "(no name)" : pen.name(row.name, room);
    const bool judged = row.all.samples > row.early;
    const double whole = whole_share(row.whole, row.all.samples, row.early);
    out.push_back(pad_right(name + copies, name_width) +
                  pad_left(percent_of(row.all.cpu_ns, all_ns), kCell) +
                  pad_left(percent_of(row.kernel_ns, all_ns), kCell) +
                  pad_left(judged ? format_percent(whole) : std::string("-"), kCell));
  }
  return out;
}

Lines origin_lines(const OriginTotals& totals, std::uint64_t all_ns, std::size_t width,
                   const Pen& pen) {
  constexpr std::size_t kName = 10;
  constexpr std::size_t kMargin = kName + 8 + 1;  // name, figure, space
  constexpr double kCellsOfAll = 30;
  struct Row {
    Origin origin;
    std::uint64_t ns;
  };
  std::vector<Row> rows;
  for (const Origin origin :
       {Origin::kOwn, Origin::kLibrary, Origin::kKernel, Origin::kJit, Origin::kUnresolved}) {
    const std::uint64_t ns = totals.at(static_cast<std::size_t>(origin));
    if (ns != 0) rows.push_back({origin, ns});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.ns > b.ns; });
  const double room = width > kMargin ? static_cast<double>(width - kMargin) : 0;
  const double most = rows.empty() ? 1 : ratio(rows.front().ns, all_ns);
  const double cells_of_all = std::min(kCellsOfAll, room / std::max(most, 0.001));

  Lines out;
  out.push_back(pen.paint("by origin", Colour::kDim));
  for (const Row& row : rows) {
    const double share = ratio(row.ns, all_ns);
    const char* name = row.origin == Origin::kJit ? "runtime" : to_string(row.origin);
    const std::string bar = pen.bar(share * cells_of_all);
    out.push_back(pad_right(name, kName) + pad_left(format_percent(share), 8) +
                  (bar.empty() ? "" : " " + pen.paint(bar, colour_of(row.origin))));
  }
  return out;
}

Lines beside(const Lines& left, const Lines& right, std::size_t at) {
  Lines out;
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string line = i < left.size() ? left[i] : std::string();
    if (i < right.size()) line = pad_right(line, at) + right[i];
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace sonde
