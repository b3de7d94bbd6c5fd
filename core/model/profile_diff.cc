// SPDX-License-Identifier: Apache-2.0
#include "core/model/profile_diff.h"

#include <algorithm>
#include <functional>
#include <set>
#include <unordered_map>

namespace sonde {
namespace {

constexpr std::uint32_t kNever = 0xffffffffU;  // no stack has been seen yet

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

using Key = std::pair<std::string_view, std::string_view>;
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    const std::size_t first = std::hash<std::string_view>{}(key.first);
    return first ^ (std::hash<std::string_view>{}(key.second) * 0x9e3779b97f4a7c15ULL);
  }
};

// Code that is in no file still belongs somewhere; the kernel has several names.
std::string_view image_key_of(const ProfileFrame& frame, std::string_view path) {
  const std::string_view key = image_key(path);
  const bool whole_kernel = path.empty() || path == "[kernel.kallsyms]" ||
                            path == "[guest.kernel.kallsyms]" || key.starts_with("vmlinux");
  if (frame.origin == Origin::kKernel && whole_kernel) return "[kernel]";
  return path.empty() && frame.origin == Origin::kJit ? "[jit]" : key;
}

// Images, by key, that the sides ran in different builds.
class Rebuilt {
 public:
  void add(std::size_t side, const SymbolizedProfile& profile) {
    for (const ProfileImage& image : profile.images) {
      if (!image.build_id.empty()) ids_[image_key(image.path)].at(side).insert(image.build_id);
    }
  }
  [[nodiscard]] bool has(std::string_view key) const {
    const auto at = ids_.find(key);
    if (at == ids_.end() || at->second[0].empty() || at->second[1].empty()) return false;
    const auto& after = at->second[1];
    return std::none_of(at->second[0].begin(), at->second[0].end(),
                        [&](std::string_view id) { return after.count(id) != 0; });
  }

 private:
  std::unordered_map<std::string_view, std::array<std::set<std::string_view>, 2>> ids_;
};

// Numbers items by key, in the order of their first appearance.
class ItemTable {
 public:
  explicit ItemTable(std::vector<DiffItem>& items) : items_(items) {}
  std::uint32_t number(const Key& key, const DiffItem& item) {
    const auto [at, fresh] = known_.try_emplace(key, static_cast<std::uint32_t>(items_.size()));
    if (fresh) items_.push_back(item);
    return at->second;
  }

 private:
  std::vector<DiffItem>& items_;
  std::unordered_map<Key, std::uint32_t, KeyHash> known_;
};

// Adds up stacks into rows: an item counts once per stack.
class RowSums {
 public:
  explicit RowSums(std::size_t items) : rows_(items), last_(items, kNever) {
    for (std::uint32_t i = 0; i < items; ++i) rows_[i].item = i;
  }
  void next_stack() { ++stack_; }
  void on_stack(std::uint32_t item, std::size_t side, const SampledSum& sum) {
    if (last_[item] == stack_) return;
    last_[item] = stack_;
    rows_[item].total.at(side) += sum;
  }
  void leaf(std::uint32_t item, std::size_t side, const SampledSum& sum) {
    rows_[item].self.at(side) += sum;
  }
  std::vector<DiffRow> take() {
    std::erase_if(rows_, [](const DiffRow& row) {
      return row.total[0].samples == 0 && row.total[1].samples == 0;
    });
    return std::move(rows_);
  }

 private:
  std::vector<DiffRow> rows_;
  std::vector<std::uint32_t> last_;
  std::uint32_t stack_ = 0;
};

SampledSum sum_of(const ProfileStack& stack) { return sampled_sum(stack.samples, stack.cpu_ns); }

}  // namespace

std::string_view image_key(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  if (const std::size_t slash = path.rfind('/'); slash != std::string_view::npos) {
    path.remove_prefix(slash + 1);
  }
  constexpr std::string_view kShared = ".so";
  if (const std::size_t so = path.find(".so."); so != std::string_view::npos && so != 0) {
    path = path.substr(0, so + kShared.size());
  }
  return path;
}

std::string_view function_key(std::string_view name) {
  constexpr std::string_view kRust = "::h";
  constexpr std::size_t kRustHash = 16;
  if (name.size() > kRust.size() + kRustHash) {
    const std::size_t at = name.size() - kRustHash - kRust.size();
    const std::string_view hash = name.substr(at + kRust.size());
    if (name.substr(at, kRust.size()) == kRust && std::all_of(hash.begin(), hash.end(), is_hex)) {
      return name.substr(0, at);
    }
  }
  constexpr std::string_view kLlvm = ".llvm.";
  const std::size_t at = name.rfind(kLlvm);
  if (at == std::string_view::npos || at == 0) return name;
  const std::string_view number = name.substr(at + kLlvm.size());
  const bool is_number = !number.empty() && std::all_of(number.begin(), number.end(), is_digit);
  return is_number ? name.substr(0, at) : name;
}

// Numbers what the profiles hold.
class ProfileDiff::Numbering {
 public:
  Numbering(ProfileDiff& diff, const Rebuilt& rebuilt)
      : diff_(diff),
        rebuilt_(rebuilt),
        functions_(diff.functions_),
        images_(diff.images_),
        processes_(diff.processes_) {}

  Part part(const SymbolizedProfile& profile) {
    Part out{.profile = &profile, .function_of_frame = {}, .item_of_process = {}};
    out.function_of_frame.reserve(profile.frames.size());
    for (const ProfileFrame& frame : profile.frames) {
      out.function_of_frame.push_back(function(profile, frame));
    }
    for (const ProfileProcess& process : profile.processes) {
      out.item_of_process.push_back(
          processes_.number({process.name, {}}, {.name = process.name, .image = {}}));
    }
    return out;
  }

 private:
  std::uint32_t function(const SymbolizedProfile& profile, const ProfileFrame& frame) {
    const std::string_view path = profile.images[frame.image].path;
    const std::string_view key = image_key_of(frame, path);
    std::string_view name = profile.functions[frame.function].name;
    if (frame.origin == Origin::kUnresolved && rebuilt_.has(key)) name = "(unnamed)";
    const std::uint32_t number = functions_.number(
        {function_key(name), key}, {.name = name, .image = path, .origin = frame.origin});
    if (number == diff_.image_of_function_.size()) {
      const std::string_view shown = path.empty() ? key : path;
      diff_.image_of_function_.push_back(
          images_.number({key, {}}, {.name = shown, .image = path, .origin = frame.origin}));
    }
    return number;
  }

  ProfileDiff& diff_;
  const Rebuilt& rebuilt_;
  ItemTable functions_;
  ItemTable images_;
  ItemTable processes_;
};

ProfileDiff::ProfileDiff(std::span<const SymbolizedProfile> before,
                         std::span<const SymbolizedProfile> after) {
  const std::array given = {before, after};
  Rebuilt rebuilt;
  for (std::size_t i = 0; i < given.size(); ++i) {
    for (const SymbolizedProfile& profile : given.at(i)) rebuilt.add(i, profile);
  }
  Numbering numbering(*this, rebuilt);
  for (std::size_t i = given.size(); i-- > 0;) {  // the newer side first: its text is shown
    Side& side = sides_.at(i);
    bool timed = true;
    for (const SymbolizedProfile& profile : given.at(i)) {
      side.parts.push_back(numbering.part(profile));
      side.whole.seconds += static_cast<double>(profile.meta.duration_ns) / 1e9;
      timed &= profile.meta.duration_ns != 0;
      for (const ProfileStack& stack : profile.stacks) side.whole.all += sum_of(stack);
    }
    if (!timed) side.whole.seconds = 0;
  }
}

const std::vector<DiffItem>& ProfileDiff::items(DiffBy by) const {
  if (by == DiffBy::kProcess) return processes_;
  return by == DiffBy::kImage ? images_ : functions_;
}

std::vector<DiffRow> ProfileDiff::rows(DiffBy by) const {
  RowSums sums(items(by).size());
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    for (const Part& part : sides_.at(side).parts) {
      const auto item = [&](std::uint32_t frame) {
        const std::uint32_t function = part.function_of_frame[frame];
        return by == DiffBy::kImage ? image_of_function_[function] : function;
      };
      for (const ProfileStack& stack : part.profile->stacks) {
        const SampledSum sum = sum_of(stack);
        sums.next_stack();
        if (by == DiffBy::kProcess) {
          sums.on_stack(part.item_of_process[stack.process], side, sum);
          sums.leaf(part.item_of_process[stack.process], side, sum);
        } else if (!stack.frames.empty()) {
          for (const std::uint32_t frame : stack.frames) sums.on_stack(item(frame), side, sum);
          sums.leaf(item(stack.frames.front()), side, sum);
        }
      }
    }
  }
  return sums.take();
}

std::vector<DiffNode> ProfileDiff::call_tree() const {
  std::vector<DiffNode> tree(1);
  std::unordered_map<std::uint64_t, std::uint32_t> children;  // (parent, function) -> node
  for (std::size_t side = 0; side < 2; ++side) {
    for (const Part& part : sides_.at(side).parts) {
      for (const ProfileStack& stack : part.profile->stacks) {
        const SampledSum sum = sum_of(stack);
        std::uint32_t node = 0;
        tree[0].total.at(side) += sum;
        for (std::size_t i = stack.frames.size(); i-- > 0;) {  // leaf first
          const std::uint32_t function = part.function_of_frame[stack.frames[i]];
          const auto [at, fresh] = children.try_emplace((std::uint64_t{node} << 32U) | function,
                                                        static_cast<std::uint32_t>(tree.size()));
          if (fresh) tree.push_back({.function = function, .parent = node, .total = {}});
          node = at->second;
          tree[node].total.at(side) += sum;
        }
      }
    }
  }
  return tree;
}

}  // namespace sonde
