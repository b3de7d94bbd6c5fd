// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/synth/bare_code.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "symbolizer/worker/symbols/mini_debug_info.h"
#include "symbolizer/worker/symbols/symbol_table.h"
#include "symbolizer/worker/unwind/row_builder.h"

namespace sonde {
namespace {

// Nearly every file has this much of it: start-up code of the C library.
constexpr std::uint64_t kFewBytes = 4096;
// Symbols of files with so little of it are read only if they are few.
constexpr std::uint64_t kFewSymbolBytes = 1U << 16;

constexpr std::array<std::uint8_t, 2> kGotPush = {0xff, 0x35};

std::uint64_t symbol_bytes(const ElfFile& file) {
  std::uint64_t sum = 0;
  for (const ElfSection& section : file.sections()) {
    if (section.type == SHT_SYMTAB || section.type == SHT_DYNSYM) sum += section.size;
  }
  return sum;
}

// Nothing but what assemblers put between functions.
bool is_padding(ByteSpan code, const InstructionDecoder& decoder) {
  Instruction instruction;
  for (std::size_t at = 0; at < code.size(); at += instruction.length) {
    if (code[at] == 0) {
      instruction.length = 1;
    } else if (!decoder.scan(code.subspan(at), instruction) || !instruction.is_padding) {
      return false;
    }
  }
  return true;
}

// What is certain comes first.
int rank(EntryKind kind) {
  switch (kind) {
    case EntryKind::kProcess:
      return 0;
    case EntryKind::kLinkage:
      return 1;
    case EntryKind::kFunction:
      return 2;
    case EntryKind::kLabel:
      break;
  }
  return 3;
}

}  // namespace

// Without section headers data may lie between the code: it costs rows, and nobody runs it.
std::vector<BareCode::Range> BareCode::code_ranges(const ElfFile& file) {
  std::vector<Range> out;
  for (const ElfSection& section : file.sections()) {
    const bool code = (section.flags & (SHF_ALLOC | SHF_EXECINSTR)) == (SHF_ALLOC | SHF_EXECINSTR);
    if (!code || section.type == SHT_NOBITS || section.size > file.size()) continue;
    const ElfSegment* segment = file.code_at(section.offset);
    if (segment == nullptr) continue;
    const std::uint64_t limit = segment->offset + segment->file_bytes;
    out.push_back({section.offset, std::min(section.offset + section.size, limit)});
  }
  if (file.sections().empty()) {
    for (const ElfSegment& segment : file.segments()) {
      if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0) continue;
      out.push_back({segment.offset, segment.offset + segment.file_bytes});
    }
  }
  std::ranges::sort(out, {}, &Range::begin);
  return out;
}

Result<BareCode> BareCode::load(const ElfFile& file, std::span<const PackedExtent> covered) {
  BareCode out;
  std::uint64_t done = 0;
  for (Range range : code_ranges(file)) {
    range.begin = std::max(range.begin, done);  // hostile sections may overlap
    if (range.begin >= range.end) continue;
    if (auto added = out.add_gaps(file, range, covered); !added) return added.error();
    done = range.end;
  }
  if (!out.empty()) out.add_entries(file);
  return out;
}

Result<void> BareCode::add_gaps(const ElfFile& file, const Range& range,
                                std::span<const PackedExtent> covered) {
  const auto past_begin = std::ranges::upper_bound(covered, range.begin, {}, &PackedExtent::begin);
  std::uint64_t at = range.begin;
  auto extent = past_begin == covered.begin() ? past_begin : std::prev(past_begin);
  for (; extent != covered.end() && extent->begin() < range.end; ++extent) {
    if (extent->begin() > at && extent->begin() - at >= kGapBytes) {
      if (auto added = add_region(file, at, extent->begin()); !added) return added;
    }
    at = std::max(at, extent->end());
  }
  if (at < range.end && range.end - at >= kGapBytes) return add_region(file, at, range.end);
  return {};
}

Result<void> BareCode::add_region(const ElfFile& file, std::uint64_t begin, std::uint64_t end) {
  if (end - begin > kMaxBareBytes - bytes_) {
    over_budget_ += end - begin;
    return {};
  }
  auto bytes = file.read(begin, end - begin, kMaxBareBytes);
  if (!bytes) return bytes.error();
  if (is_padding(bytes->span(), decoder_)) return {};
  bytes_ += end - begin;
  regions_.push_back({begin, std::move(*bytes), {}});
  return {};
}

BareCode::Region* BareCode::find(std::uint64_t file_offset) {
  auto after = std::ranges::upper_bound(regions_, file_offset, {}, &Region::begin);
  if (after == regions_.begin()) return nullptr;
  Region& region = *std::prev(after);
  return file_offset - region.begin < region.bytes.span().size() ? &region : nullptr;
}

void BareCode::add_entry(std::uint64_t file_offset, EntryKind kind) {
  if (Region* region = find(file_offset)) {
    region->entries.push_back({static_cast<std::uint32_t>(file_offset - region->begin), kind});
  }
}

void BareCode::add_entries(const ElfFile& file) {
  if (const auto entry = file.file_offset(file.entry())) add_entry(*entry, EntryKind::kProcess);
  for (const ElfSection& section : file.sections()) {
    if ((section.flags & SHF_EXECINSTR) == 0 || section.type == SHT_NOBITS) continue;
    // The first entry of a lazy linkage table (a push from the GOT) is jumped to by all others.
    const auto head = file.read(section.offset, kGotPush.size(), kGotPush.size());
    const bool linkage =
        section.name == ".plt" && head && std::ranges::equal(head->span(), kGotPush);
    add_entry(section.offset, linkage ? EntryKind::kLinkage : EntryKind::kLabel);
  }
  if (bytes_ > kFewBytes || symbol_bytes(file) <= kFewSymbolBytes) add_symbols(file);
  for (Region& region : regions_) {
    std::ranges::sort(region.entries, [](const CodeEntry& a, const CodeEntry& b) {
      return a.at != b.at ? a.at < b.at : rank(a.kind) < rank(b.kind);
    });
    const auto same = [](const CodeEntry& a, const CodeEntry& b) { return a.at == b.at; };
    region.entries.erase(std::unique(region.entries.begin(), region.entries.end(), same),
                         region.entries.end());
  }
}

void BareCode::add_symbols(const ElfFile& file) {
  SymbolTable table(file);
  if (file.sections().empty()) {
    table.add_dynamic(file);
  } else {
    table.add_tables(file, SymbolOrigin::kFile);
  }
  if (bytes_ > kFewBytes) add_mini_debug_info(file, table);
  NameReader names(table.strings(), file, nullptr);
  for (const Symbol& symbol : table.functions()) {
    if (find(symbol.begin()) == nullptr) continue;
    // A compiler moved this part of a function away; the function jumps to it.
    const bool part = table.name_of(symbol, names).find(".cold") != std::string_view::npos;
    add_entry(symbol.begin(), part ? EntryKind::kLabel : EntryKind::kFunction);
  }
  for (const Symbol& symbol : table.labels()) {
    const bool global = symbol.binding != STB_LOCAL;
    add_entry(symbol.begin(), global ? EntryKind::kFunction : EntryKind::kLabel);
  }
}

void BareCode::hash_into(Sha256& hash) const {
  hash.update_value(std::uint64_t{regions_.size()});
  hash.update_value(over_budget_);
  for (const Region& region : regions_) {
    hash.update_value(region.begin);
    hash.update_value(std::uint64_t{region.bytes.span().size()});
    hash.update(std::as_bytes(region.bytes.span()));
    hash.update_value(std::uint64_t{region.entries.size()});
    for (const CodeEntry& entry : region.entries) {
      hash.update_value(std::uint64_t{entry.at} << 8U | static_cast<std::uint64_t>(entry.kind));
    }
  }
}

std::vector<PlacedRule> BareCode::rows(RowClassCounts& classes) const {
  std::vector<PlacedRule> out;
  for (const Region& region : regions_) {
    CodeWalk walk(region.bytes.span(), region.entries, classes);
    walk.walk();
    walk.emit(region.begin, out);
  }
  classes[static_cast<std::size_t>(RowClass::kSynthBudget)] += over_budget_;
  return out;
}

std::vector<std::uint64_t> BareCode::starts() const {
  std::vector<std::uint64_t> out;
  RowClassCounts ignored{};
  for (const Region& region : regions_) {
    CodeWalk walk(region.bytes.span(), region.entries, ignored);
    walk.walk();
    for (const std::uint32_t at : walk.starts()) out.push_back(region.begin + at);
  }
  return out;
}

std::uint64_t BareCode::region_end(std::uint64_t file_offset) const {
  auto after = std::ranges::upper_bound(regions_, file_offset, {}, &Region::begin);
  if (after == regions_.begin()) return 0;
  const Region& region = *std::prev(after);
  const std::uint64_t end = region.begin + region.bytes.span().size();
  return file_offset < end ? end : 0;
}

}  // namespace sonde
