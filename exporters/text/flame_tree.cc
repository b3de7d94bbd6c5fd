// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_tree.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "core/model/aggregate.h"
#include "exporters/text/escape.h"
#include "exporters/text/flame_paths.h"
#include "exporters/text/node_choice.h"
#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMicrosecond = 1000;
const std::string kUnknown = "[unknown]";
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// True if all samples have the same weight, which is put into `weight` unless that is another one
// already (0: none yet).
bool has_one_weight(const std::vector<ProfileStack>& stacks, std::uint64_t& weight) {
  for (const ProfileStack& stack : stacks) {
    if (stack.samples == 0 && stack.cpu_ns == 0) continue;
    if (stack.samples == 0 || stack.cpu_ns % stack.samples != 0) return false;
    const std::uint64_t one = stack.cpu_ns / stack.samples;
    if (weight != 0 && one != weight) return false;
    weight = one;
  }
  return true;
}

// Builds the tree in pre-order, of which only the nodes are in memory that may stay; finish() sorts
// and numbers it.
class TreeBuilder {
 public:
  TreeBuilder(const SymbolizedProfile& profile, const FlameOptions& options)
      : profile_(profile),
        options_(options),
        max_nodes_(std::max<std::size_t>(options.max_nodes, 16)) {}

  FlameTree build() {
    choose_tick();
    frame_of_.assign(profile_.frames.size(), kNone);
    frame("all of node " + profile_.meta.host, 0, FlameKind::kGroup);
    for (const ProfileStack& stack : profile_.stacks) add(stack, false);
    if (options_.before != nullptr) {
      for (const ProfileStack& stack : *options_.before) add(stack, true);
    }
    paths_.sort();
    for (const FlameStep& step : options_.root) {
      if (!paths_.enter_heaviest([&](std::uint32_t index) { return is_step(index, step); })) break;
    }
    count_trust();
    make_nodes();
    paths_ = {};
    if (nodes_.size() > max_nodes_ || out_.folded_nodes > 0) fold();
    finish();
    return std::move(out_);
  }

 private:
  // What is folded below a node.
  struct Folded {
    FlameSums sums;
    std::uint64_t frames = 0;
    Folded& operator+=(const Folded& more) {
      sums += more.sums;
      frames += more.frames;
      return *this;
    }
  };

  void choose_tick() {
    std::uint64_t weight = 0;
    const bool one = has_one_weight(profile_.stacks, weight) &&
                     (options_.before == nullptr || has_one_weight(*options_.before, weight));
    out_.weighted = !one || (weight == 0 && !profile_.stacks.empty());
    out_.tick_ns = out_.weighted ? kMicrosecond : std::max<std::uint64_t>(weight, 1);
  }

  std::uint32_t frame(const std::string& given, std::uint32_t image, FlameKind kind) {
    const std::string& name = given.empty() ? kUnknown : given;
    const auto [name_at, new_name] =
        names_.try_emplace(name, static_cast<std::uint32_t>(out_.names.size()));
    if (new_name) out_.names.push_back(name);
    const auto [at, fresh] = frames_.try_emplace({name_at->second, image, kind},
                                                 static_cast<std::uint32_t>(out_.frames.size()));
    if (fresh) out_.frames.push_back({name_at->second, image, kind, false, {}});
    return at->second;
  }

  std::uint32_t flame_frame(std::uint32_t index) {
    const ProfileFrame& source = profile_.frames[index];
    if (frame_of_[index] == kNone) {
      frame_of_[index] = frame(profile_.functions[source.function].name, source.image,
                               static_cast<FlameKind>(source.origin));
      FlameFrame& made = out_.frames[frame_of_[index]];
      if (made.reason.empty()) made.reason = source.reason;
    }
    if (source.fp_step) out_.frames[frame_of_[index]].fp_step = true;
    return frame_of_[index];
  }

  // The frames that a process's own are below.
  void add_group(std::uint32_t index) {
    if (options_.rows.empty()) {
      const ProfileProcess& process = profile_.processes[index];
      path_.push_back(frame(process.name, 0, FlameKind::kGroup));
      pids_[path_.back()].push_back(process.pid);
      return;
    }
    const FlameRows& rows = options_.rows[index];
    for (const std::string& name : rows.names) {
      path_.push_back(frame(name, 0, FlameKind::kGroup));
    }
    if (path_.empty() || rows_done_[index]) return;
    rows_done_[index] = true;
    std::vector<std::uint32_t>& pids = pids_[path_.back()];
    pids.insert(pids.end(), rows.pids.begin(), rows.pids.end());
  }

  void add(const ProfileStack& stack, bool before) {
    path_.clear();
    add_group(stack.process);
    if (!is_whole(stack.stop)) {
      const std::string& path = profile_.images[stack.stop_image].path;
      path_.push_back(
          frame(cut_frame_name(stack.stop, path), stack.stop_image, FlameKind::kStackCut));
      out_.frames[path_.back()].reason = stop_name(stack.stop);
    }
    for (std::size_t i = stack.frames.size(); i-- > 0;) {
      if (path_.size() + 1 >= kMaxFlameLevel) {
        path_.push_back(frame("deeper frames", 0, FlameKind::kFolded));
        break;
      }
      path_.push_back(flame_frame(stack.frames[i]));
    }
    const std::uint64_t ticks =
        out_.weighted ? (stack.cpu_ns + kMicrosecond / 2) / kMicrosecond : stack.samples;
    const FlameSums weight =
        before ? FlameSums{.before = ticks} : FlameSums{.ticks = ticks, .samples = stack.samples};
    paths_.add(path_, weight, stack, before);
  }

  [[nodiscard]] bool is_step(std::uint32_t index, const FlameStep& step) const {
    const FlameFrame& frame = out_.frames[index];
    return printable(out_.names[frame.name]) == step.name &&
           (!step.image || printable(path_base(profile_.images[frame.image].path)) == *step.image);
  }

  void count_trust() {
    for (const FlamePaths::Path& path : paths_.paths()) {
      FlameTrust& trust = path.before ? out_.before : out_.trust;
      trust.samples += path.stack->samples;
      if (is_whole(path.stack->stop)) trust.whole += path.stack->samples;
      if (is_early(path.stack->stop)) trust.early += path.stack->samples;
    }
  }

  // All nodes, or at least the max_nodes_ heaviest; what is below the others is folded.
  void make_nodes() {
    NodeChoice choice(paths_, max_nodes_);
    nodes_.reserve(choice.most_nodes());
    folded_.reserve(choice.most_nodes());
    std::vector<std::uint32_t> open;
    const auto enter = [&](std::uint32_t frame) {
      const std::uint32_t parent = open.empty() ? 0 : open.back();
      nodes_.push_back({parent, frame, static_cast<std::uint32_t>(open.size())});
      folded_.emplace_back();
      open.push_back(static_cast<std::uint32_t>(nodes_.size() - 1));
    };
    const auto leave = [&](const FlameSums& self, const FlameSums& total) {
      const std::uint32_t index = open.back();
      open.pop_back();
      if (open.empty() || choice.keeps(total.weight(), index + 1 < nodes_.size())) {
        FlameNode& node = nodes_[index];
        node.self = self.ticks;
        node.self_samples = self.samples;
        node.before = self.before;
        node.total = total.ticks;
        node.before_total = total.before;
        return;
      }
      // Nothing below it was kept, so that it is the last.
      folded_[open.back()] += folded_[index];
      folded_[open.back()] += Folded{self, 1};
      nodes_.pop_back();
      folded_.pop_back();
      ++out_.folded_nodes;
    };
    paths_.walk(enter, leave);
  }

  // Nodes kept if the `count` first of `order` are: those, and one folded child per parent that
  // loses a child.
  [[nodiscard]] std::size_t size_with(const std::vector<std::uint32_t>& order, std::size_t count,
                                      std::vector<char>& loses) const {
    std::size_t size = count;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      loses[i] = folded_[i].frames > 0 ? 1 : 0;
      if (loses[i] != 0 && rank_[i] < count) ++size;
    }
    for (std::size_t i = count; i < order.size(); ++i) {
      char& parent = loses[nodes_[order[i]].parent];
      // A parent that is dropped itself gets no folded child.
      if (parent == 0 && rank_[nodes_[order[i]].parent] < count) ++size;
      parent = 1;
    }
    return size;
  }

  void fold() {
    std::vector<std::uint32_t> order(nodes_.size());
    std::iota(order.begin(), order.end(), 0U);
    // Heaviest first; an ancestor is never lighter and was made earlier, so it precedes.
    std::stable_sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
      return nodes_[a].weight() > nodes_[b].weight();
    });
    rank_.resize(nodes_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) rank_[order[i]] = i;
    std::vector<char> loses(nodes_.size());
    std::size_t low = 1;
    std::size_t high = order.size() + 1;
    while (low + 1 < high) {
      const std::size_t middle = (low + high) / 2;
      (size_with(order, middle, loses) <= max_nodes_ ? low : high) = middle;
    }
    drop_all_but(low);
  }

  void drop_all_but(std::size_t count) {
    std::map<std::uint32_t, Folded> folded;  // kept parent -> what is gone below it
    std::vector<std::uint32_t> moved(nodes_.size(), kNone);
    std::vector<std::uint32_t> top(nodes_.size(), kNone);  // of a dropped node: its kept ancestor
    std::vector<FlameNode> kept;
    kept.reserve(2 * count);
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
      const FlameNode& node = nodes_[i];
      if (rank_[i] < count) {
        moved[i] = static_cast<std::uint32_t>(kept.size());
        kept.push_back(node);
        kept.back().parent = moved[node.parent];
        if (folded_[i].frames > 0) folded[moved[i]] += folded_[i];
        continue;
      }
      top[i] = top[node.parent] == kNone ? moved[node.parent] : top[node.parent];
      Folded& here = folded[top[i]];
      here += folded_[i];
      here += Folded{{node.self, node.self_samples, node.before}, 1};
      ++out_.folded_nodes;
    }
    nodes_ = std::move(kept);
    for (const auto& [parent, gone] : folded) {
      const std::string name =
          std::to_string(gone.frames) + (gone.frames == 1 ? " smaller frame" : " smaller frames");
      FlameNode node{parent, frame(name, 0, FlameKind::kFolded), nodes_[parent].level + 1};
      node.self = node.total = gone.sums.ticks;
      node.self_samples = gone.sums.samples;
      node.before = node.before_total = gone.sums.before;
      nodes_.push_back(node);
      out_.folded_ticks += gone.sums.ticks;
    }
  }

  [[nodiscard]] const std::string& name_of(const FlameNode& node) const {
    return out_.names[out_.frames[node.frame].name];
  }

  // Sorted child lists as one array: children of i are at first[i]..first[i + 1].
  void sort_children(std::vector<std::uint32_t>& list, std::vector<std::uint32_t>& first) const {
    first.assign(nodes_.size() + 1, 0);
    for (std::size_t i = 1; i < nodes_.size(); ++i) ++first[nodes_[i].parent + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    list.resize(nodes_.size() - 1);
    std::vector<std::uint32_t> fill(first.begin(), first.end() - 1);
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) list[fill[nodes_[i].parent]++] = i;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      std::sort(list.begin() + first[i], list.begin() + first[i + 1],
                [this](std::uint32_t a, std::uint32_t b) {
                  const std::uint64_t heavier = nodes_[a].weight();
                  const std::uint64_t lighter = nodes_[b].weight();
                  if (heavier != lighter) return heavier > lighter;
                  const int order = name_of(nodes_[a]).compare(name_of(nodes_[b]));
                  return order != 0 ? order < 0 : a < b;
                });
    }
  }

  void finish() {
    std::vector<std::uint32_t> list;
    std::vector<std::uint32_t> first;
    sort_children(list, first);
    out_.nodes.reserve(nodes_.size());
    std::vector<std::pair<std::uint32_t, std::uint32_t>> work{{0, 0}};  // old node, new parent
    while (!work.empty()) {
      const auto [old, parent] = work.back();
      work.pop_back();
      const auto index = static_cast<std::uint32_t>(out_.nodes.size());
      out_.nodes.push_back(nodes_[old]);
      out_.nodes.back().parent = parent;
      for (std::uint32_t i = first[old + 1]; i-- > first[old];) work.emplace_back(list[i], index);
    }
    drop_unused_frames();
    sort_names();
    for (auto& [index, pids] : pids_) {
      if (moved_[index] == kNone) continue;
      std::sort(pids.begin(), pids.end());
      pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
      out_.groups.push_back({moved_[index], std::move(pids)});
    }
  }

  // Folding and cutting leave frames without a node.
  void drop_unused_frames() {
    moved_.assign(out_.frames.size(), kNone);
    for (const FlameNode& node : out_.nodes) moved_[node.frame] = 0;
    std::vector<FlameFrame> kept;
    for (std::size_t i = 0; i < out_.frames.size(); ++i) {
      if (moved_[i] == kNone) continue;
      moved_[i] = static_cast<std::uint32_t>(kept.size());
      kept.push_back(std::move(out_.frames[i]));
    }
    out_.frames = std::move(kept);
    for (FlameNode& node : out_.nodes) node.frame = moved_[node.frame];
  }

  // Hottest first: viewers of a cut file still have the names that matter. Names without a frame
  // go.
  void sort_names() {
    std::vector<std::uint64_t> heat(out_.names.size());
    std::vector<char> used(out_.names.size());
    for (const FlameFrame& frame : out_.frames) used[frame.name] = 1;
    for (const FlameNode& node : out_.nodes) {
      heat[out_.frames[node.frame].name] += node.self + node.before;
    }
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < used.size(); ++i) {
      if (used[i] != 0) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&heat](std::uint32_t a, std::uint32_t b) { return heat[a] > heat[b]; });
    std::vector<std::uint32_t> moved(out_.names.size());
    std::vector<std::string> names(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      moved[order[i]] = i;
      names[i] = std::move(out_.names[order[i]]);
    }
    out_.names = std::move(names);
    for (FlameFrame& one : out_.frames) one.name = moved[one.name];
  }

  const SymbolizedProfile& profile_;
  const FlameOptions& options_;
  const std::size_t max_nodes_;
  FlameTree out_;
  std::vector<FlameNode> nodes_;
  std::vector<Folded> folded_;  // by node
  std::unordered_map<std::string, std::uint32_t> names_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, FlameKind>, std::uint32_t> frames_;
  std::vector<std::uint32_t> frame_of_;                       // by ProfileFrame
  std::map<std::uint32_t, std::vector<std::uint32_t>> pids_;  // by frame of a group
  std::vector<bool> rows_done_ = std::vector<bool>(options_.rows.size());
  FlamePaths paths_;
  std::vector<std::uint32_t> path_;   // of the stack that is being added
  std::vector<std::uint32_t> rank_;   // by node: its place, the heaviest first
  std::vector<std::uint32_t> moved_;  // by frame: its number in the answer
};

}  // namespace

FlameTree FlameTree::build(const SymbolizedProfile& profile, const FlameOptions& options) {
  return TreeBuilder(profile, options).build();
}

}  // namespace sonde
