// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/name_reader.h"

#include <algorithm>
#include <cstring>

#include "symbolizer/wire/messages.h"

namespace sonde {

std::string_view NameReader::at(std::size_t table, std::uint32_t offset) {
  for (const std::size_t least : {std::size_t{1}, kMaxNameBytes}) {
    ByteSpan text = bytes_at(table, offset, least);
    text = text.first(std::min(text.size(), kMaxNameBytes));
    if (text.empty()) break;
    const void* end = std::memchr(text.data(), 0, text.size());
    if (end == nullptr && text.size() < kMaxNameBytes && least == 1) continue;  // goes on behind
    const auto* begin = reinterpret_cast<const char*>(text.data());
    const auto* last = end == nullptr ? begin + text.size() : static_cast<const char*>(end);
    return {begin, static_cast<std::size_t>(last - begin)};
  }
  return {};
}

ByteSpan NameReader::bytes_at(std::size_t table, std::uint32_t offset, std::size_t least) {
  const StringTable& strings = tables_[table];
  if (strings.origin == SymbolOrigin::kMemory) {
    const ByteSpan all = strings.held.span();
    return all.subspan(std::min<std::size_t>(offset, all.size()));
  }
  const ElfFile* file = strings.origin == SymbolOrigin::kFile ? &file_ : debug_file_;
  if (file == nullptr) return {};
  if (windows_.size() <= table) windows_.resize(tables_.size());
  auto& window = windows_[table];
  if (!window) window = std::make_unique<FileWindow>(*file, strings.offset, strings.bytes);
  return window->at(offset, least);
}

}  // namespace sonde
