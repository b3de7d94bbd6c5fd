// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/linkage_stubs.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

#include "symbolizer/wire/messages.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxStubBytes = 16U << 20;
constexpr std::uint64_t kMaxRelocationBytes = 256U << 20;
constexpr std::size_t kStubBytes = 16;
constexpr std::size_t kShortStubBytes = 8;  // .plt.got of older linkers
constexpr std::size_t kJumpBytes = 6;       // ff 25 + 32-bit displacement

using SlotSymbols = std::unordered_map<std::uint64_t, std::uint32_t>;  // GOT address -> symbol

bool is_slot(std::uint64_t type) { return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT; }

void add_relocations(const ElfFile& file, const ElfSection& section, SlotSymbols& slots) {
  auto bytes = file.read(section, kMaxRelocationBytes);
  if (!bytes) return;
  const ByteSpan all = bytes->span();
  for (std::size_t at = 0; at + sizeof(Elf64_Rela) <= all.size(); at += sizeof(Elf64_Rela)) {
    Elf64_Rela entry;
    std::memcpy(&entry, all.data() + at, sizeof(entry));
    if (!is_slot(ELF64_R_TYPE(entry.r_info))) continue;
    slots[entry.r_offset] = static_cast<std::uint32_t>(ELF64_R_SYM(entry.r_info));
  }
}

struct DynamicNames {
  ByteBuffer entries;
  ByteBuffer strings;

  [[nodiscard]] std::string name(std::uint32_t index) const {
    const ByteSpan symbols = entries.span();
    const ByteSpan text = strings.span();
    if ((std::size_t{index} + 1) * sizeof(Elf64_Sym) > symbols.size()) return {};
    Elf64_Sym symbol;
    std::memcpy(&symbol, symbols.data() + index * sizeof(symbol), sizeof(symbol));
    if (symbol.st_name >= text.size()) return {};
    const ByteSpan rest = text.subspan(symbol.st_name);
    const auto end =
        std::ranges::find(rest.first(std::min(rest.size(), kMaxNameBytes - 8)), std::uint8_t{0});
    return std::string(reinterpret_cast<const char*>(rest.data()),
                       static_cast<std::size_t>(end - rest.begin()));
  }
};

std::optional<DynamicNames> read_names(const ElfFile& file) {
  const auto dynsym = std::ranges::find_if(
      file.sections(), [](const ElfSection& section) { return section.type == SHT_DYNSYM; });
  if (dynsym == file.sections().end() || dynsym->link >= file.sections().size()) {
    return std::nullopt;
  }
  auto entries = file.read(*dynsym, kMaxRelocationBytes);
  auto strings = file.read(file.sections()[dynsym->link], kMaxRelocationBytes);
  if (!entries || !strings) return std::nullopt;
  return DynamicNames{std::move(*entries), std::move(*strings)};
}

// The GOT address that the jump inside one stub reads, 0 if it has none.
std::uint64_t jump_slot(ByteSpan stub, std::uint64_t vaddr) {
  for (std::size_t at = 0; at + kJumpBytes <= stub.size(); ++at) {
    if (stub[at] != 0xff || stub[at + 1] != 0x25) continue;
    std::int32_t displacement = 0;
    std::memcpy(&displacement, stub.data() + at + 2, sizeof(displacement));
    return vaddr + at + kJumpBytes + static_cast<std::uint64_t>(std::int64_t{displacement});
  }
  return 0;
}

void add_stubs(const ElfFile& file, const ElfSection& section, const SlotSymbols& slots,
               const DynamicNames& names, SymbolTable& table) {
  auto bytes = file.read(section, kMaxStubBytes);
  if (!bytes) return;
  const ByteSpan all = bytes->span();
  const bool is_short = section.name == ".plt.got" && all.size() >= 8 && all[0] == 0xff;
  const std::size_t step = is_short ? kShortStubBytes : kStubBytes;
  for (std::size_t at = 0; at + step <= all.size(); at += step) {
    const auto slot = slots.find(jump_slot(all.subspan(at, step), section.vaddr + at));
    if (slot == slots.end()) continue;
    std::string name = names.name(slot->second);
    if (name.empty()) continue;
    table.add_synthetic(section.offset + at, step, name + "@plt");
  }
}

}  // namespace

void add_linkage_stubs(const ElfFile& file, SymbolTable& table) {
  const auto is_stubs = [](const ElfSection& section) {
    return section.name == ".plt" || section.name == ".plt.sec" || section.name == ".plt.got";
  };
  if (std::ranges::none_of(file.sections(), is_stubs)) return;
  const auto names = read_names(file);
  if (!names) return;
  SlotSymbols slots;
  for (const ElfSection& section : file.sections()) {
    if (section.type == SHT_RELA) add_relocations(file, section, slots);
  }
  for (const ElfSection& section : file.sections()) {
    if (is_stubs(section)) add_stubs(file, section, slots, *names, table);
  }
}

}  // namespace sonde
