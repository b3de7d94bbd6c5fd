// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/call_view.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "agent/cli/figures.h"
#include "agent/cli/text.h"

namespace sonde {
namespace {

constexpr std::size_t kDefaultLines = 40;
constexpr std::uint64_t kDefaultShareOf = 200;  // 1/200 = 0.5 %
constexpr std::size_t kFigureWidth = 7;
constexpr std::size_t kMinLabel = 24;

// One line of the tree: a run of calls that (nearly) always follow each other.
struct Chain {
  std::vector<std::uint32_t> nodes;
  std::vector<std::uint32_t> below;  // chains, heaviest first
  bool shown = false;
};

// Turns a call tree into chains and decides which are shown.
class ChainForest {
 public:
  ChainForest(const CallTree& tree, std::uint64_t min_ns) : tree_(tree), children_(tree.size()) {
    for (std::uint32_t i = 1; i < tree.size(); ++i) {
      if (tree[i].total.cpu_ns >= min_ns) children_[tree[i].parent].push_back(i);
    }
    for (auto& list : children_) {
      std::sort(list.begin(), list.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::pair(tree[b].total.cpu_ns, a) < std::pair(tree[a].total.cpu_ns, b);
      });
    }
    // Chains are appended while the list is walked, parents before what is below them.
    if (!tree.empty()) add_below(children_[0], roots_);
    // By index: the vector grows meanwhile.
    for (std::size_t i = 0; i < chains_.size(); ++i) {  // NOLINT(modernize-loop-convert)
      std::vector<std::uint32_t> below;
      add_below(children_[chains_[i].nodes.back()], below);
      chains_[i].below = std::move(below);
    }
  }

  // Marks the heaviest chains as shown; a chain is never heavier than the one above it.
  void show(std::size_t max_lines) {
    const auto lighter = [&](std::uint32_t a, std::uint32_t b) {
      return std::pair(weight(a), b) < std::pair(weight(b), a);
    };
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, decltype(lighter)> open(lighter,
                                                                                           roots_);
    for (std::size_t lines = 0; lines < max_lines && !open.empty(); ++lines) {
      Chain& chain = chains_[open.top()];
      open.pop();
      chain.shown = true;
      for (const std::uint32_t next : chain.below) open.push(next);
    }
  }

  [[nodiscard]] const std::vector<std::uint32_t>& roots() const { return roots_; }
  [[nodiscard]] const Chain& operator[](std::uint32_t chain) const { return chains_[chain]; }
  [[nodiscard]] std::size_t size() const { return chains_.size(); }
  [[nodiscard]] std::uint64_t weight(std::uint32_t chain) const {
    return tree_[chains_[chain].nodes.front()].total.cpu_ns;
  }

 private:
  void add_below(const std::vector<std::uint32_t>& heads, std::vector<std::uint32_t>& list) {
    for (const std::uint32_t head : heads) {
      Chain chain;
      chain.nodes.push_back(head);
      while (const std::uint32_t next = only_child(chain.nodes.back())) chain.nodes.push_back(next);
      list.push_back(static_cast<std::uint32_t>(chains_.size()));
      chains_.push_back(std::move(chain));
    }
  }

  // The child that carries at least nine tenths of `node` and is the only one worth showing; 0 if
  // there is none.
  [[nodiscard]] std::uint32_t only_child(std::uint32_t node) const {
    if (children_[node].size() != 1) return 0;
    const std::uint32_t child = children_[node].front();
    return tree_[child].total.cpu_ns >= tree_[node].total.cpu_ns / 10 * 9 ? child : 0;
  }

  const CallTree& tree_;
  std::vector<std::vector<std::uint32_t>> children_;
  std::vector<std::uint32_t> roots_;
  std::vector<Chain> chains_;
};

class TreePrinter {
 public:
  TreePrinter(const FunctionTable& functions, const CallTree& tree, const ChainForest& forest,
              std::uint64_t all_ns, const Pen& pen)
      : functions_(functions), tree_(tree), forest_(forest), all_ns_(all_ns), pen_(pen) {}

  Lines print() {
    for (const std::uint32_t root : forest_.roots()) {
      if (forest_[root].shown) print(root, "", "");
    }
    return std::move(lines_);
  }

 private:
  // `own` goes in front of this chain's label, `inner` in front of what is below it.
  void print(std::uint32_t index, const std::string& own, const std::string& inner) {
    const Chain& chain = forest_[index];
    const double share = ratio(forest_.weight(index), all_ns_);
    std::string line = pad_left(format_percent(share), kFigureWidth) + "  ";
    line += pen_.paint(fit_prefix(own), Colour::kDim);
    lines_.push_back(line +
                     label(chain, pen_.width() - std::min(pen_.width(), display_width(line))));

    std::vector<std::uint32_t> below;
    std::copy_if(chain.below.begin(), chain.below.end(), std::back_inserter(below),
                 [&](std::uint32_t i) { return forest_[i].shown; });
    for (std::size_t i = 0; i < below.size(); ++i) {
      const bool last = i + 1 == below.size();
      const std::string_view branch = last ? pen_.sign("└ ", "`-") : pen_.sign("├ ", "|-");
      const std::string_view trunk = last ? "  " : pen_.sign("│ ", "| ");
      print(below[i], inner + std::string(branch), inner + std::string(trunk));
    }
  }

  // Deep trees: the left of the branches is given up so that names keep their room.
  [[nodiscard]] std::string fit_prefix(const std::string& prefix) const {
    const std::size_t room = pen_.width() - std::min(pen_.width(), kFigureWidth + 2 + kMinLabel);
    if (display_width(prefix) <= room) return prefix;
    const std::size_t dots = display_width(pen_.ellipsis());
    return std::string(pen_.ellipsis()).append(fitting_tail(prefix, room - std::min(room, dots)));
  }

  // `a ▸ b ▸ c`; a function that calls itself is `walk ×37`. What does not fit is left out in the
  // middle: the first and the last function stay.
  [[nodiscard]] std::string label(const Chain& chain, std::size_t room) const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < chain.nodes.size();) {
      const std::uint32_t function = tree_[chain.nodes[i]].function;
      std::size_t same = 1;
      while (i + same < chain.nodes.size() && tree_[chain.nodes[i + same]].function == function) {
        ++same;
      }
      std::string name = pen_.name(functions_[function].name, kLongestName);
      if (same > 1) name += " " + std::string(pen_.sign("×", "x")) + format_count(same);
      names.push_back(std::move(name));
      i += same;
    }
    return join(names, room);
  }

  [[nodiscard]] std::string join(const std::vector<std::string>& names, std::size_t room) const {
    const std::string arrow(pen_.sign(" ▸ ", " > "));
    std::string out = names.front();
    if (names.size() > 1) {
      std::size_t all = display_width(out);
      for (std::size_t i = 1; i < names.size(); ++i) all += 3 + display_width(names[i]);
      const std::string gap = arrow + std::string(pen_.ellipsis());
      const std::size_t tail = 3 + display_width(names.back());
      for (std::size_t i = 1; i + 1 < names.size(); ++i) {
        const std::size_t next = display_width(out) + 3 + display_width(names[i]);
        const std::size_t rest = tail + (all > room ? display_width(gap) : 0);
        if (all > room && next + rest > room) {
          out += gap;
          break;
        }
        out += arrow + names[i];
      }
      out += arrow + names.back();
    }
    if (display_width(out) <= room) return out;
    const std::size_t dots = display_width(pen_.ellipsis());
    return std::string(fitting_head(out, room - std::min(room, dots))).append(pen_.ellipsis());
  }

  static constexpr std::size_t kLongestName = 48;

  const FunctionTable& functions_;
  const CallTree& tree_;
  const ChainForest& forest_;
  std::uint64_t all_ns_;
  const Pen& pen_;
  Lines lines_;
};

}  // namespace

Lines neighbour_lines(const FunctionTable& functions, const std::vector<NeighbourTotals>& rows,
                      const Weight& chosen, std::uint64_t all_ns, Direction direction,
                      std::size_t max_rows, const Pen& pen) {
  const bool callers = direction == Direction::kCallers;
  std::vector<FigureRow> out;
  for (std::size_t i = 0; i < std::min(max_rows, rows.size()); ++i) {
    const NeighbourTotals& row = rows[i];
    FigureRow line{.figures = {format_percent(ratio(row.weight.cpu_ns, all_ns)),
                               format_percent(ratio(row.weight.cpu_ns, chosen.cpu_ns))},
                   .name = callers ? "(nothing: it is the first frame)" : "(itself)",
                   .place = {},
                   .origin = Origin::kOwn};
    if (row.function != kNoFunction) {
      line.name = functions[row.function].name;
      line.place = place_of(functions[row.function], pen);
      line.origin = functions[row.function].origin;
    }
    out.push_back(std::move(line));
  }
  return figure_table({"share", "of it", callers ? "called by" : "calls", "where"}, out, pen);
}

Lines tree_lines(const FunctionTable& functions, const CallTree& tree, std::uint64_t all_ns,
                 std::optional<std::size_t> max_lines, const Pen& pen) {
  std::uint64_t min_ns = max_lines ? 1 : all_ns / kDefaultShareOf;
  // Where everything is small, the heaviest of the small is what there is to see.
  if (std::none_of(tree.begin() + 1, tree.end(),
                   [&](const CallNode& node) { return node.total.cpu_ns >= min_ns; })) {
    min_ns = 1;
  }
  ChainForest forest(tree, min_ns);
  const std::size_t lines = max_lines.value_or(kDefaultLines);
  forest.show(lines == 0 ? forest.size() : lines);
  return TreePrinter(functions, tree, forest, all_ns, pen).print();
}

}  // namespace sonde
