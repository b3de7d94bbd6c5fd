// SPDX-License-Identifier: Apache-2.0
#include "core/model/call_tree.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <unordered_map>

namespace sonde {
namespace {

Weight weight_of(const ProfileStack& stack) {
  return Weight{.cpu_ns = stack.cpu_ns, .samples = stack.samples};
}

// Collects paths and turns them into a tree: in sorted order each path shares a prefix with the
// one before, so that no look-up of children is needed.
class TreeBuilder {
 public:
  // `path`: functions from the tree's top down; the caller's buffer is copied.
  void add(const std::vector<std::uint32_t>& path, const Weight& weight) {
    paths_.push_back(Path{.begin = functions_.size(), .size = path.size(), .weight = weight});
    functions_.insert(functions_.end(), path.begin(), path.end());
  }

  CallTree take() {
    std::sort(paths_.begin(), paths_.end(), [this](const Path& a, const Path& b) {
      const auto left = functions_of(a);
      const auto right = functions_of(b);
      return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end());
    });
    CallTree tree(1);
    std::vector<std::uint32_t> open{0};  // nodes of the last path, the root in front
    std::span<const std::uint32_t> last;
    for (const Path& path : paths_) {
      const auto functions = functions_of(path);
      const auto split =
          std::mismatch(functions.begin(), functions.end(), last.begin(), last.end()).first;
      const auto shared = static_cast<std::size_t>(split - functions.begin());
      open.resize(shared + 1);
      for (const std::uint32_t function : functions.subspan(shared)) {
        const std::uint32_t parent = open.back();
        open.push_back(static_cast<std::uint32_t>(tree.size()));
        tree.push_back(CallNode{.function = function, .parent = parent, .total = {}, .self = {}});
      }
      for (const std::uint32_t node : open) tree[node].total += path.weight;
      tree[open.back()].self += path.weight;
      last = functions;
    }
    return tree;
  }

 private:
  struct Path {
    std::size_t begin = 0;
    std::size_t size = 0;
    Weight weight;
  };
  [[nodiscard]] std::span<const std::uint32_t> functions_of(const Path& path) const {
    return std::span(functions_).subspan(path.begin, path.size);
  }

  std::vector<Path> paths_;
  std::vector<std::uint32_t> functions_;
};

}  // namespace

FunctionMatch find_functions(const FunctionTable& functions, std::string_view query) {
  FunctionMatch match{.chosen = std::vector<bool>(functions.size()), .count = 0, .exact = true};
  const auto choose = [&](const auto& wanted) {
    for (std::uint32_t i = 0; i < functions.size(); ++i) {
      if (!wanted(functions[i].name)) continue;
      match.chosen[i] = true;
      ++match.count;
    }
    return match.count != 0;
  };
  if (query.empty()) return match;
  if (choose([&](std::string_view name) { return name == query; })) return match;
  // `int ns::f<T>(char)` is meant by `ns::f<T>`.
  const std::string with_bracket = std::string(query) + "(";
  if (choose([&](std::string_view name) {
        const std::size_t at = name.find(with_bracket);
        return at == 0 || (at != std::string_view::npos && name[at - 1] == ' ');
      })) {
    return match;
  }
  match.exact = false;
  choose([&](std::string_view name) { return name.find(query) != std::string_view::npos; });
  return match;
}

ChosenTotals sum_chosen(const SymbolizedProfile& profile, const FunctionTable& functions,
                        const FunctionMatch& match) {
  ChosenTotals out;
  for (const ProfileStack& stack : profile.stacks) {
    const auto chosen = [&](std::uint32_t frame) {
      return match.chosen[functions.of_frame(frame)];
    };
    if (std::none_of(stack.frames.begin(), stack.frames.end(), chosen)) continue;
    out.total += weight_of(stack);
    if (chosen(stack.frames.front())) out.self += weight_of(stack);
  }
  return out;
}

std::vector<NeighbourTotals> sum_neighbours(const SymbolizedProfile& profile,
                                            const FunctionTable& functions,
                                            const FunctionMatch& match, Direction direction) {
  std::unordered_map<std::uint32_t, Weight> sums;
  std::vector<std::uint32_t> seen;
  for (const ProfileStack& stack : profile.stacks) {
    seen.clear();
    for (std::size_t i = 0; i < stack.frames.size(); ++i) {
      if (!match.chosen[functions.of_frame(stack.frames[i])]) continue;
      // Frames are leaf first: the caller is the next one, the callee the one before.
      const bool has = direction == Direction::kCallers ? i + 1 < stack.frames.size() : i > 0;
      const std::size_t at = direction == Direction::kCallers ? i + 1 : i - 1;
      seen.push_back(has ? functions.of_frame(stack.frames[at]) : kNoFunction);
    }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (const std::uint32_t function : seen) sums[function] += weight_of(stack);
  }
  std::vector<NeighbourTotals> out;
  out.reserve(sums.size());
  for (const auto& [function, weight] : sums) out.push_back({function, weight});
  std::sort(out.begin(), out.end(), [](const NeighbourTotals& a, const NeighbourTotals& b) {
    return a.weight.cpu_ns != b.weight.cpu_ns ? a.weight.cpu_ns > b.weight.cpu_ns
                                              : a.function < b.function;
  });
  return out;
}

CallTree build_call_tree(const SymbolizedProfile& profile, const FunctionTable& functions) {
  TreeBuilder builder;
  std::vector<std::uint32_t> path;
  for (const ProfileStack& stack : profile.stacks) {
    path.clear();
    std::transform(stack.frames.rbegin(), stack.frames.rend(), std::back_inserter(path),
                   [&](std::uint32_t frame) { return functions.of_frame(frame); });
    builder.add(path, weight_of(stack));
  }
  return builder.take();
}

CallTree build_call_tree(const SymbolizedProfile& profile, const FunctionTable& functions,
                         const FunctionMatch& match, Direction direction) {
  TreeBuilder builder;
  std::vector<std::uint32_t> path;
  const auto chosen = [&](std::uint32_t frame) { return match.chosen[functions.of_frame(frame)]; };
  const auto add_function = [&](std::uint32_t frame) { path.push_back(functions.of_frame(frame)); };
  for (const ProfileStack& stack : profile.stacks) {
    const auto& frames = stack.frames;  // leaf first
    path.clear();
    if (direction == Direction::kCallers) {
      const auto innermost = std::find_if(frames.begin(), frames.end(), chosen);
      std::for_each(innermost, frames.end(), add_function);
    } else {
      const auto outermost = std::find_if(frames.rbegin(), frames.rend(), chosen);
      std::for_each(outermost, frames.rend(), add_function);
    }
    if (!path.empty()) builder.add(path, weight_of(stack));
  }
  return builder.take();
}

}  // namespace sonde
