// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/symbol_table.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/symbols/dynamic_section.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxTableBytes = 768U << 20;
constexpr std::uint16_t kSynthetic = 0xffff;
constexpr std::size_t kMaxStringTables = 64;

bool is_function(std::uint8_t type) { return type == STT_FUNC || type == STT_GNU_IFUNC; }

// Assembler leftovers and the mapping symbols of some linkers name no code.
bool is_noise(std::string_view name) { return name.starts_with(".L") || name.starts_with('$'); }

std::size_t leading_underscores(std::string_view name) {
  const std::size_t first = name.find_first_not_of('_');
  return first == std::string_view::npos ? name.size() : first;
}

std::string_view string_at(ByteSpan table, std::uint64_t offset) {
  if (offset >= table.size()) return {};
  ByteSpan rest = table.subspan(static_cast<std::size_t>(offset));
  rest = rest.first(std::min(rest.size(), kMaxNameBytes));
  const auto end = std::ranges::find(rest, std::uint8_t{0});
  return {reinterpret_cast<const char*>(rest.data()), static_cast<std::size_t>(end - rest.begin())};
}

}  // namespace

bool SymbolTable::add_tables(const ElfFile& source) {
  bool all = true;
  for (const ElfSection& section : source.sections()) {
    if (section.type != SHT_SYMTAB && section.type != SHT_DYNSYM) continue;
    all = add_section(source, section) && all;
  }
  return all;
}

bool SymbolTable::add_section(const ElfFile& source, const ElfSection& section) {
  if (section.link >= source.sections().size()) return false;
  const ElfSection& linked = source.sections()[section.link];
  if (linked.type != SHT_STRTAB) return false;
  auto entries = source.read(section, kMaxTableBytes);
  auto strings = source.read(linked, kMaxTableBytes);
  if (!entries || !strings) return false;
  add_entries(source, entries->span(), std::move(*strings));
  return true;
}

bool SymbolTable::add_dynamic(const ElfFile& source) {
  auto tables = read_dynamic_symbols(source);
  if (!tables) return false;
  add_entries(source, tables->entries.span(), std::move(tables->strings));
  return true;
}

void SymbolTable::add_entries(const ElfFile& source, ByteSpan entries, ByteBuffer strings) {
  if (strings_.size() >= kMaxStringTables) return;
  const auto table = static_cast<std::uint16_t>(strings_.size());
  const ByteSpan text = strings.span();
  const std::size_t count = entries.size() / sizeof(Elf64_Sym);
  const ElfSegment* segment = nullptr;
  functions_.reserve(functions_.size() + count / 2);
  for (std::size_t i = 1; i < count; ++i) {
    Elf64_Sym raw;
    std::memcpy(&raw, entries.data() + i * sizeof(raw), sizeof(raw));
    const std::uint8_t type = ELF64_ST_TYPE(raw.st_info);
    const bool function = is_function(type);
    if (!function && type != STT_NOTYPE) continue;
    if (raw.st_shndx == SHN_UNDEF || raw.st_shndx == SHN_ABS || raw.st_name >= text.size() ||
        text[raw.st_name] == 0) {
      continue;
    }
    // A linker's own labels (__executable_start, _edata) may lie in a code segment, but in no
    // section with code.
    if (!function && raw.st_shndx < source.sections().size() &&
        (source.sections()[raw.st_shndx].flags & SHF_EXECINSTR) == 0) {
      continue;
    }
    if (segment == nullptr || raw.st_value < segment->vaddr ||
        raw.st_value - segment->vaddr >= segment->file_bytes) {
      segment = file_.code_segment(raw.st_value);
      if (segment == nullptr) continue;
    }
    const std::uint64_t in_segment = raw.st_value - segment->vaddr;
    const std::uint64_t size = std::min(raw.st_size, segment->file_bytes - in_segment);
    const std::uint64_t begin = segment->offset + in_segment;
    (function ? functions_ : labels_)
        .push_back({begin, begin + size, raw.st_name, table,
                    static_cast<std::uint8_t>(ELF64_ST_BIND(raw.st_info)), raw.st_size > 0});
  }
  strings_.push_back(std::move(strings));
}

void SymbolTable::add_synthetic(std::uint64_t begin, std::uint64_t size, std::string_view name) {
  functions_.push_back({begin, begin + size, static_cast<std::uint32_t>(synthetic_.size()),
                        kSynthetic, STB_LOCAL, true});
  synthetic_ += name.substr(0, kMaxNameBytes);
  synthetic_ += '\0';
}

std::string_view SymbolTable::name_of(const Symbol& symbol) const {
  if (symbol.strings == kSynthetic) return synthetic_.data() + symbol.name;
  return string_at(strings_[symbol.strings].span(), symbol.name);
}

void SymbolTable::finish() {
  std::erase_if(labels_, [this](const Symbol& label) { return is_noise(name_of(label)); });
  const auto by_begin = [](const Symbol& a, const Symbol& b) { return a.begin < b.begin; };
  for (auto* symbols : {&functions_, &labels_}) {
    if (!std::ranges::is_sorted(*symbols, by_begin)) std::ranges::stable_sort(*symbols, by_begin);
  }
  work_out_ends(functions_, {});
  work_out_ends(labels_, functions_);
  sort_aliases(functions_);
  sort_aliases(labels_);
}

// A symbol without a size reaches to the next one (of either list), at most to the end of its
// section or segment.
void SymbolTable::work_out_ends(std::vector<Symbol>& symbols,
                                const std::vector<Symbol>& others) const {
  std::uint64_t next = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t next_distinct = next;
  auto other = others.rbegin();
  std::uint64_t other_next = std::numeric_limits<std::uint64_t>::max();
  // NOLINTNEXTLINE(modernize-loop-convert): clang 14 cannot read std::views::reverse
  for (auto symbol = symbols.rbegin(); symbol != symbols.rend(); ++symbol) {
    if (symbol->begin != next) next_distinct = std::exchange(next, symbol->begin);
    for (; other != others.rend() && other->begin > symbol->begin; ++other) {
      other_next = other->begin;
    }
    if (symbol->sized) continue;
    symbol->end = std::min({next_distinct, other_next, region_end(symbol->begin)});
  }
}

std::uint64_t SymbolTable::region_end(std::uint64_t offset) const {
  for (const ElfSection& section : file_.sections()) {
    if (section.type != SHT_NOBITS && (section.flags & SHF_EXECINSTR) != 0 &&
        offset >= section.offset && offset - section.offset < section.size) {
      return section.offset + section.size;
    }
  }
  const ElfSegment* segment = file_.code_at(offset);
  return segment == nullptr ? offset : segment->offset + segment->file_bytes;
}

// The name people know wins: global before local, then fewer leading underscores (malloc before
// __libc_malloc), strong before weak, shorter, and the alphabet so that the choice is stable.
bool SymbolTable::better_alias(const Symbol& a, const Symbol& b) const {
  if (a.sized != b.sized) return a.sized;
  const bool a_local = a.binding == STB_LOCAL;
  const bool b_local = b.binding == STB_LOCAL;
  if (a_local != b_local) return b_local;
  const std::string_view a_name = name_of(a);
  const std::string_view b_name = name_of(b);
  const std::size_t a_underscores = leading_underscores(a_name);
  const std::size_t b_underscores = leading_underscores(b_name);
  if (a_underscores != b_underscores) return a_underscores < b_underscores;
  const bool a_weak = a.binding == STB_WEAK;
  const bool b_weak = b.binding == STB_WEAK;
  if (a_weak != b_weak) return b_weak;
  if (a_name.size() != b_name.size()) return a_name.size() < b_name.size();
  return a_name < b_name;
}

// Puts the best alias of each begin last, where the sweep looks first.
void SymbolTable::sort_aliases(std::vector<Symbol>& symbols) const {
  for (auto first = symbols.begin(); first != symbols.end();) {
    auto last = first + 1;
    while (last != symbols.end() && last->begin == first->begin) ++last;
    if (last - first > 1) {
      std::stable_sort(first, last,
                       [this](const Symbol& a, const Symbol& b) { return better_alias(b, a); });
    }
    first = last;
  }
}

void SymbolTable::sweep(const std::vector<Symbol>& symbols, std::span<const std::uint64_t> offsets,
                        std::vector<const Symbol*>& out) {
  std::vector<const Symbol*> open;  // by begin; the last one is the innermost
  auto next = symbols.begin();
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    for (; next != symbols.end() && next->begin <= offsets[i]; ++next) open.push_back(&*next);
    // What ended before this offset covers no later one either.
    while (!open.empty() && open.back()->end <= offsets[i]) open.pop_back();
    if (out[i] == nullptr && !open.empty()) out[i] = open.back();
  }
}

std::vector<const Symbol*> SymbolTable::find(std::span<const std::uint64_t> offsets) const {
  std::vector<const Symbol*> out(offsets.size(), nullptr);
  sweep(functions_, offsets, out);
  sweep(labels_, offsets, out);
  return out;
}

}  // namespace sonde
