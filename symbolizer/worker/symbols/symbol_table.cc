// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/symbol_table.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>

#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/symbols/dynamic_section.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxTableBytes = 768U << 20;
constexpr std::uint64_t kEntryBytes = 5000 * sizeof(Elf64_Sym);  // read at a time
constexpr std::uint8_t kSynthetic = 0xff;
constexpr std::size_t kMaxStringTables = 64;
constexpr std::size_t kMaxAliasBytes = std::size_t{16} << 20U;

bool is_function(std::uint8_t type) { return type == STT_FUNC || type == STT_GNU_IFUNC; }

// Assembler leftovers and the mapping symbols of some linkers name no code.
bool is_noise(std::string_view name) { return name.starts_with(".L") || name.starts_with('$'); }

std::size_t leading_underscores(std::string_view name) {
  const std::size_t first = name.find_first_not_of('_');
  return first == std::string_view::npos ? name.size() : first;
}

struct Alias {
  Symbol symbol;
  std::string name;
};

// The name people know wins: of those with a size before those without, global before local, then
// fewer leading underscores (malloc before __libc_malloc), strong before weak, shorter, and the
// alphabet so that the choice is stable.
//
// By begin, and of one begin those last that win without a look at their names.
bool sorts_before(const Symbol& a, const Symbol& b) {
  const auto key = [](const Symbol& symbol) {
    return std::tuple(symbol.begin(), symbol.sized, symbol.binding != STB_LOCAL);
  };
  return key(a) < key(b);
}

// Of two that are the same to sorts_before().
bool better_name(const Alias& a, const Alias& b) {
  const std::size_t a_underscores = leading_underscores(a.name);
  const std::size_t b_underscores = leading_underscores(b.name);
  if (a_underscores != b_underscores) return a_underscores < b_underscores;
  const bool b_weak = b.symbol.binding == STB_WEAK;
  if ((a.symbol.binding == STB_WEAK) != b_weak) return b_weak;
  if (a.name.size() != b.name.size()) return a.name.size() < b.name.size();
  return a.name < b.name;
}

void sweep(std::span<const Symbol> symbols, std::span<const std::uint64_t> offsets,
           std::vector<const Symbol*>& out) {
  std::vector<const Symbol*> open;  // by begin; the last one is the innermost
  auto next = symbols.begin();
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    for (; next != symbols.end() && next->begin() <= offsets[i]; ++next) open.push_back(&*next);
    // What ended before this offset covers no later one either.
    while (!open.empty() && open.back()->end() <= offsets[i]) open.pop_back();
    if (out[i] == nullptr && !open.empty()) out[i] = open.back();
  }
}

}  // namespace

bool SymbolTable::add_tables(const ElfFile& source, SymbolOrigin origin) {
  bool all = true;
  for (const ElfSection& section : source.sections()) {
    if (section.type != SHT_SYMTAB && section.type != SHT_DYNSYM) continue;
    all = add_section(source, section, origin) && all;
  }
  return all;
}

bool SymbolTable::add_section(const ElfFile& source, const ElfSection& section,
                              SymbolOrigin origin) {
  if (section.link >= source.sections().size()) return false;
  const ElfSection& linked = source.sections()[section.link];
  if (linked.type != SHT_STRTAB || strings_.size() >= kMaxStringTables) return false;
  StringTable strings{origin, linked.offset, linked.size, {}};
  if (origin == SymbolOrigin::kMemory) {
    auto held = source.read(linked, kMaxTableBytes);
    if (!held) return false;
    strings.held = std::move(*held);
  } else if (linked.size > kMaxTableBytes || linked.offset > source.size() ||
             linked.size > source.size() - linked.offset) {
    return false;
  }
  if (section.size > kMaxTableBytes || section.offset > source.size() ||
      section.size > source.size() - section.offset) {
    return false;
  }
  functions_.reserve(functions_.size() +
                     static_cast<std::size_t>(section.size / sizeof(Elf64_Sym)));
  for (std::uint64_t at = 0; at < section.size; at += kEntryBytes) {
    auto entries =
        source.read(section.offset + at, std::min(section.size - at, kEntryBytes), kEntryBytes);
    if (!entries) break;  // it became shorter: what was read stays
    add_entries(source, entries->span(), linked.size);
  }
  strings_.push_back(std::move(strings));
  return true;
}

bool SymbolTable::add_dynamic(const ElfFile& source) {
  auto tables = read_dynamic_symbols(source);
  if (!tables || strings_.size() >= kMaxStringTables) return false;
  const std::uint64_t bytes = tables->strings.span().size();
  add_entries(source, tables->entries.span(), bytes);
  strings_.push_back({SymbolOrigin::kMemory, 0, bytes, std::move(tables->strings)});
  return true;
}

// Of the string table that is added next.
void SymbolTable::add_entries(const ElfFile& source, ByteSpan entries, std::uint64_t string_bytes) {
  const auto table = static_cast<std::uint8_t>(strings_.size());
  const std::size_t count = entries.size() / sizeof(Elf64_Sym);
  const ElfSegment* segment = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    Elf64_Sym raw;
    std::memcpy(&raw, entries.data() + i * sizeof(raw), sizeof(raw));
    const std::uint8_t type = ELF64_ST_TYPE(raw.st_info);
    const bool function = is_function(type);
    if (!function && type != STT_NOTYPE) continue;
    if (raw.st_shndx == SHN_UNDEF || raw.st_shndx == SHN_ABS || raw.st_name == 0 ||
        raw.st_name >= string_bytes) {
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
      segment = file_->code_segment(raw.st_value);
      if (segment == nullptr) continue;
    }
    const std::uint64_t in_segment = raw.st_value - segment->vaddr;
    const std::uint64_t begin = segment->offset + in_segment;
    if (begin >= Symbol::kEndOfOffsets) continue;
    Symbol symbol(begin, std::min(raw.st_size, segment->file_bytes - in_segment));
    symbol.name = raw.st_name;
    symbol.strings = table;
    symbol.binding = static_cast<std::uint8_t>(ELF64_ST_BIND(raw.st_info));
    symbol.sized = raw.st_size > 0;
    (function ? functions_ : labels_).push_back(symbol);
  }
}

void SymbolTable::add_synthetic(std::uint64_t begin, std::uint64_t size, std::string_view name) {
  if (begin >= Symbol::kEndOfOffsets) return;
  Symbol symbol(begin, size);
  symbol.name = static_cast<std::uint32_t>(synthetic_.size());
  symbol.strings = kSynthetic;
  symbol.sized = true;
  functions_.push_back(symbol);
  synthetic_ += name.substr(0, kMaxNameBytes);
  synthetic_ += '\0';
}

std::string_view SymbolTable::name_of(const Symbol& symbol, NameReader& names) const {
  if (symbol.strings == kSynthetic) return synthetic_.data() + symbol.name;
  return names.at(symbol.strings, symbol.name);
}

std::size_t SymbolTable::bytes() const {
  std::size_t sum = (functions_.capacity() + labels_.capacity()) * sizeof(Symbol);
  for (const StringTable& table : strings_) sum += table.held.span().size();
  return sum + synthetic_.capacity();
}

void SymbolTable::finish(NameReader& names) {
  std::erase_if(labels_, [&](const Symbol& label) { return is_noise(name_of(label, names)); });
  for (auto* symbols : {&functions_, &labels_}) {
    symbols->shrink_to_fit();
    if (!std::ranges::is_sorted(*symbols, sorts_before)) {
      std::ranges::stable_sort(*symbols, sorts_before);
    }
  }
  work_out_ends(functions_, {});
  work_out_ends(labels_, functions_);
  sort_aliases(functions_, names);
  sort_aliases(labels_, names);
  file_ = nullptr;
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
    const std::uint64_t begin = symbol->begin();
    if (begin != next) next_distinct = std::exchange(next, begin);
    for (; other != others.rend() && other->begin() > begin; ++other) {
      other_next = other->begin();
    }
    if (symbol->sized) continue;
    symbol->set_end(std::min({next_distinct, other_next, region_end(begin)}));
  }
}

std::uint64_t SymbolTable::region_end(std::uint64_t offset) const {
  for (const ElfSection& section : file_->sections()) {
    if (section.type != SHT_NOBITS && (section.flags & SHF_EXECINSTR) != 0 &&
        offset >= section.offset && offset - section.offset < section.size) {
      return section.offset + section.size;
    }
  }
  const ElfSegment* segment = file_->code_at(offset);
  return segment == nullptr ? offset : segment->offset + segment->file_bytes;
}

// Puts the best alias of each begin last, where the sweep looks first.
void SymbolTable::sort_aliases(std::vector<Symbol>& symbols, NameReader& names) const {
  for (auto first = symbols.begin(); first != symbols.end();) {
    const auto last = std::find_if(first + 1, symbols.end(), [&](const Symbol& symbol) {
      return sorts_before(*first, symbol);
    });
    if (last - first > 1) sort_by_name({first, last}, names);
    first = last;
  }
}

// Each name is read once, up to a limit of memory: a hostile table may have millions of aliases.
// Those past it stay before the others.
void SymbolTable::sort_by_name(std::span<Symbol> symbols, NameReader& names) const {
  std::vector<Alias> aliases;  // the last symbol first
  for (std::size_t bytes = 0; aliases.size() < symbols.size() && bytes < kMaxAliasBytes;) {
    const Symbol& symbol = symbols[symbols.size() - 1 - aliases.size()];
    aliases.push_back({symbol, std::string(name_of(symbol, names))});
    bytes += sizeof(Alias) + aliases.back().name.size();
  }
  std::ranges::stable_sort(aliases, better_name);
  std::ranges::transform(aliases, symbols.rbegin(), &Alias::symbol);
}

std::vector<const Symbol*> SymbolTable::find(std::span<const std::uint64_t> offsets) const {
  std::vector<const Symbol*> out(offsets.size(), nullptr);
  sweep(functions_, offsets, out);
  sweep(labels_, offsets, out);
  return out;
}

}  // namespace sonde
