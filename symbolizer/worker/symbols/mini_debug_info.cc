// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/mini_debug_info.h"

#include <span>

#include "core/compress/xz.h"
#include "symbolizer/wire/sealed_file.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxPackedBytes = 64U << 20;
constexpr std::size_t kMaxUnpackedBytes = std::size_t{512} << 20;

}  // namespace

void add_mini_debug_info(const ElfFile& file, SymbolTable& table) {
  const ElfSection* section = file.find_section(".gnu_debugdata");
  if (section == nullptr) return;
  auto packed = file.read(*section, kMaxPackedBytes);
  if (!packed) return;
  const ByteSpan bytes = packed->span();
  auto unpacked =
      xz_decompress({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, kMaxUnpackedBytes);
  if (!unpacked) return;
  const auto part = std::as_bytes(std::span(*unpacked));
  auto memory = make_sealed_file("sonde-debugdata", std::span(&part, 1));
  if (!memory) return;
  auto inner = ElfFile::open(memory->get());
  if (inner) table.add_tables(*inner, SymbolOrigin::kMemory);
}

}  // namespace sonde
