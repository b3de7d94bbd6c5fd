// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/linkage_stubs.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/elf/file_window.h"
#include "symbolizer/worker/symbols/name_reader.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxStubBytes = 16U << 20;
constexpr std::uint64_t kMaxRelocationBytes = 256U << 20;
constexpr std::uint64_t kRelocationBytes = 5000 * sizeof(Elf64_Rela);  // read at a time
constexpr std::size_t kStubBytes = 16;
constexpr std::size_t kShortStubBytes = 8;  // .plt.got of older linkers
constexpr std::size_t kJumpBytes = 6;       // ff 25 + 32-bit displacement

struct Stub {
  std::uint64_t slot = 0;  // address in the GOT that it jumps through
  std::uint64_t file_offset = 0;
  std::uint32_t bytes = 0;
  std::uint32_t symbol = 0;  // in the dynamic symbol table; 0 if not known
};

bool is_slot(std::uint64_t type) { return type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT; }

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

void find_stubs(const ElfFile& file, const ElfSection& section, std::vector<Stub>& stubs) {
  auto bytes = file.read(section, kMaxStubBytes);
  if (!bytes) return;
  const ByteSpan all = bytes->span();
  const bool is_short = section.name == ".plt.got" && all.size() >= 8 && all[0] == 0xff;
  const std::size_t step = is_short ? kShortStubBytes : kStubBytes;
  for (std::size_t at = 0; at + step <= all.size(); at += step) {
    const std::uint64_t slot = jump_slot(all.subspan(at, step), section.vaddr + at);
    if (slot == 0) continue;
    stubs.push_back({slot, section.offset + at, static_cast<std::uint32_t>(step), 0});
  }
}

// Tells the stubs, ascending by slot, which symbols the loader writes to their slots. A table of
// relocations is much larger than what concerns the stubs: it is read in parts.
void add_symbols(const ElfFile& file, const ElfSection& section, std::vector<Stub>& stubs) {
  const std::uint64_t size = std::min(section.size, kMaxRelocationBytes);
  for (std::uint64_t at = 0; at < size; at += kRelocationBytes) {
    const auto bytes =
        file.read(section.offset + at, std::min(size - at, kRelocationBytes), kRelocationBytes);
    if (!bytes) return;
    const ByteSpan part = bytes->span();
    for (std::size_t i = 0; i + sizeof(Elf64_Rela) <= part.size(); i += sizeof(Elf64_Rela)) {
      Elf64_Rela entry;
      std::memcpy(&entry, part.data() + i, sizeof(entry));
      if (!is_slot(ELF64_R_TYPE(entry.r_info))) continue;
      auto stub = std::ranges::lower_bound(stubs, entry.r_offset, {}, &Stub::slot);
      for (; stub != stubs.end() && stub->slot == entry.r_offset; ++stub) {
        stub->symbol = static_cast<std::uint32_t>(ELF64_R_SYM(entry.r_info));
      }
    }
  }
}

// Of the dynamic symbols.
class ImportNames {
 public:
  ImportNames(const ElfFile& file, const ElfSection& symbols, const ElfSection& strings)
      : symbols_(file, symbols.offset, symbols.size), names_(tables_, file, nullptr) {
    tables_.push_back({SymbolOrigin::kFile, strings.offset, strings.size, {}});
  }

  // Empty if it cannot be read.
  std::string of(std::uint32_t index) {
    Elf64_Sym symbol;
    const ByteSpan bytes = symbols_.at(std::uint64_t{index} * sizeof(symbol), sizeof(symbol));
    if (bytes.size() < sizeof(symbol)) return {};
    std::memcpy(&symbol, bytes.data(), sizeof(symbol));
    return std::string(names_.at(0, symbol.st_name).substr(0, kMaxNameBytes - 8));
  }

 private:
  FileWindow symbols_;
  std::vector<StringTable> tables_;
  NameReader names_;
};

}  // namespace

void add_linkage_stubs(const ElfFile& file, SymbolTable& table) {
  std::vector<Stub> stubs;
  for (const ElfSection& section : file.sections()) {
    const bool is_stubs =
        section.name == ".plt" || section.name == ".plt.sec" || section.name == ".plt.got";
    if (is_stubs) find_stubs(file, section, stubs);
  }
  const auto dynsym = std::ranges::find_if(
      file.sections(), [](const ElfSection& section) { return section.type == SHT_DYNSYM; });
  if (stubs.empty() || dynsym == file.sections().end() || dynsym->link >= file.sections().size()) {
    return;
  }
  std::ranges::sort(stubs, {}, &Stub::slot);
  for (const ElfSection& section : file.sections()) {
    if (section.type == SHT_RELA) add_symbols(file, section, stubs);
  }
  ImportNames names(file, *dynsym, file.sections()[dynsym->link]);
  for (const Stub& stub : stubs) {
    if (stub.symbol == 0) continue;
    const std::string name = names.of(stub.symbol);
    if (!name.empty()) table.add_synthetic(stub.file_offset, stub.bytes, name + "@plt");
  }
}

}  // namespace sonde
