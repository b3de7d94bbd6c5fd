// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/kernel_symbols.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxTextBytes = std::size_t{64} << 20;
constexpr std::size_t kMaxSymbols = 2'000'000;
constexpr std::uint64_t kMaxFunctionBytes = 1U << 20;
constexpr std::string_view kKernel = "[kernel]";
constexpr std::string_view kBpf = "bpf";  // as /proc/kallsyms has it
constexpr std::size_t kMaxAdded = 65'536;

struct Line {
  std::uint64_t address = 0;
  char type = 0;
  std::string_view name;
  std::string_view module;
};

// `ffffffff81000000 T _stext` or `ffffffffc0000000 t name\t[module]`; false: not such a line.
bool read_line(std::string_view text, Line& line) {
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), line.address, 16);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.size() < 4 || text[0] != ' ' || text[2] != ' ') return false;
  line.type = text[1];
  text.remove_prefix(3);
  const std::size_t tab = text.find('\t');
  line.name = text.substr(0, tab);
  line.module = kKernel;
  if (tab != std::string_view::npos) {
    text.remove_prefix(tab + 1);
    if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
      line.module = text.substr(1, text.size() - 2);
    }
  }
  return !line.name.empty();
}

bool is_text(char type) { return type == 't' || type == 'T' || type == 'w' || type == 'W'; }

// Of several names for one address: global before weak before local, then the one with fewer
// leading underscores.
std::uint16_t rank_of(char type, std::string_view name) {
  const std::size_t underscores = std::min<std::size_t>(name.find_first_not_of('_'), 255);
  const unsigned scope = type == 'T' ? 0 : type == 't' ? 2 : 1;
  return static_cast<std::uint16_t>(scope << 8U | underscores);
}

}  // namespace

Result<KernelSymbols> KernelSymbols::load(const std::string& path) {
  auto text = read_file(path, kMaxTextBytes);
  if (!text) return text.error();
  return parse(*text);
}

Result<KernelSymbols> KernelSymbols::parse(std::string_view text) {
  KernelSymbols symbols;
  std::map<std::string, std::uint16_t, std::less<>> modules;
  bool seen = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    Line line;
    if (!read_line(row, line) || !is_text(line.type)) continue;
    seen = true;
    if (line.address == 0) continue;
    auto module = modules.find(line.module);
    if (module == modules.end()) {
      if (symbols.modules_.size() == 0xffff) continue;
      const auto number = static_cast<std::uint16_t>(symbols.modules_.size());
      symbols.modules_.emplace_back(line.module);
      module = modules.emplace(line.module, number).first;
    }
    if (symbols.entries_.size() == kMaxSymbols) {
      return Error{ErrorCode::kOutOfRange, "more than 2,000,000 kernel symbols"};
    }
    symbols.entries_.push_back({line.address, static_cast<std::uint32_t>(symbols.names_.size()),
                                module->second, rank_of(line.type, line.name)});
    symbols.names_ += line.name;
    symbols.names_ += '\0';
  }
  if (symbols.entries_.empty() && seen) {
    return Error{ErrorCode::kPermissionDenied,
                 "kallsyms_restricted: every address is zero (kernel.kptr_restrict, or "
                 "CAP_SYSLOG is missing)"};
  }
  if (symbols.entries_.empty()) return Error{ErrorCode::kNotFound, "no kernel text symbols"};
  symbols.sort();
  return symbols;
}

void KernelSymbols::sort() {
  const auto before = [](const Entry& a, const Entry& b) {
    return a.address != b.address ? a.address < b.address : a.rank < b.rank;
  };
  if (!std::ranges::is_sorted(entries_, before)) std::ranges::stable_sort(entries_, before);
  const auto same = [](const Entry& a, const Entry& b) { return a.address == b.address; };
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  entries_.shrink_to_fit();
  names_.shrink_to_fit();
}

bool KernelSymbols::add(std::uint64_t begin, std::uint32_t bytes, std::string name) {
  auto next = added_.lower_bound(begin);
  if (next != added_.begin()) {
    const auto before = std::prev(next);
    if (begin - before->first < before->second.bytes) added_.erase(before);
  }
  while (next != added_.end() && (next->first == begin || next->first - begin < bytes)) {
    next = added_.erase(next);
  }
  if (added_.size() >= kMaxAdded) return false;
  added_.emplace(begin, Added{bytes, std::move(name)});
  return true;
}

std::vector<std::uint64_t> KernelSymbols::keep_added_of(KernelSymbols&& older) {
  std::vector<std::uint64_t> unknown;
  for (const auto& [begin, added] : older.added_) {
    if (!std::ranges::binary_search(entries_, begin, {}, &Entry::address)) unknown.push_back(begin);
  }
  added_ = std::move(older.added_);
  return unknown;
}

std::optional<KernelSymbol> KernelSymbols::find(std::uint64_t address) const {
  if (auto later = added_.upper_bound(address); later != added_.begin()) {
    --later;
    if (address - later->first < later->second.bytes) {
      return KernelSymbol{later->second.name, kBpf, later->first};
    }
  }
  auto next = std::ranges::upper_bound(entries_, address, {}, &Entry::address);
  if (next == entries_.begin()) return std::nullopt;
  const Entry& entry = *--next;
  if (address - entry.address >= kMaxFunctionBytes) return std::nullopt;
  return KernelSymbol{names_.c_str() + entry.name, modules_[entry.module], entry.address};
}

std::size_t KernelSymbols::memory_bytes() const {
  return entries_.capacity() * sizeof(Entry) + names_.capacity();
}

}  // namespace sonde
