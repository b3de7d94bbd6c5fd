// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/dynamic_section.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxDynamicBytes = 1U << 20;
constexpr std::uint64_t kMaxTableBytes = 256U << 20;

struct DynamicTags {
  std::uint64_t symbols = 0;
  std::uint64_t strings = 0;
  std::uint64_t string_bytes = 0;
  std::uint64_t hash = 0;
  std::uint64_t gnu_hash = 0;
};

Result<DynamicTags> read_tags(const ElfFile& file) {
  const ElfSegment* segment = file.find_segment(PT_DYNAMIC);
  if (segment == nullptr) return refuse(Reason::kCorrupt, "no PT_DYNAMIC");
  auto bytes = file.read(segment->offset, segment->file_bytes, kMaxDynamicBytes);
  if (!bytes) return bytes.error();
  DynamicTags tags;
  ByteReader reader(bytes->span());
  while (reader.left() >= sizeof(Elf64_Dyn)) {
    const auto tag = reader.fixed<std::int64_t>();
    const auto value = reader.fixed<std::uint64_t>();
    if (tag == DT_NULL) break;
    if (tag == DT_SYMTAB) tags.symbols = value;
    if (tag == DT_STRTAB) tags.strings = value;
    if (tag == DT_STRSZ) tags.string_bytes = value;
    if (tag == DT_HASH) tags.hash = value;
    if (tag == DT_GNU_HASH) tags.gnu_hash = value;
  }
  return tags;
}

Result<ByteBuffer> read_at(const ElfFile& file, std::uint64_t vaddr, std::uint64_t size) {
  const auto offset = file.file_offset(vaddr);
  if (!offset) return refuse(Reason::kCorrupt, "a dynamic table lies outside the file");
  return file.read(*offset, size, kMaxTableBytes);
}

// nchain of DT_HASH is the number of symbols.
Result<std::uint64_t> count_by_hash(const ElfFile& file, std::uint64_t vaddr) {
  auto bytes = read_at(file, vaddr, 8);
  if (!bytes) return bytes.error();
  ByteReader reader(bytes->span());
  reader.skip(4);
  return std::uint64_t{reader.fixed<std::uint32_t>()};
}

// DT_GNU_HASH has no count: the longest chain of the highest bucket ends at the last symbol.
Result<std::uint64_t> count_by_gnu_hash(const ElfFile& file, std::uint64_t vaddr) {
  auto head = read_at(file, vaddr, 16);
  if (!head) return head.error();
  ByteReader reader(head->span());
  const std::uint64_t buckets = reader.fixed<std::uint32_t>();
  const std::uint64_t first = reader.fixed<std::uint32_t>();
  const std::uint64_t bloom_words = reader.fixed<std::uint32_t>();
  const std::uint64_t bucket_at = vaddr + 16 + bloom_words * 8;
  auto table = read_at(file, bucket_at, buckets * 4);
  if (!table) return table.error();
  std::uint64_t highest = 0;
  for (ByteReader bucket(table->span()); bucket.left() >= 4;) {
    highest = std::max<std::uint64_t>(highest, bucket.fixed<std::uint32_t>());
  }
  if (highest < first) return first;
  const auto chain_at = file.file_offset(bucket_at + buckets * 4 + (highest - first) * 4);
  if (!chain_at) return refuse(Reason::kCorrupt, "DT_GNU_HASH lies outside the file");
  const std::uint64_t room = std::min<std::uint64_t>(file.size() - *chain_at, kMaxTableBytes);
  auto chain = file.read(*chain_at, room, kMaxTableBytes);
  if (!chain) return chain.error();
  ByteReader link(chain->span());
  while (link.left() >= 4) {
    ++highest;
    if ((link.fixed<std::uint32_t>() & 1U) != 0) return highest;
  }
  return refuse(Reason::kCorrupt, "DT_GNU_HASH has no end");
}

}  // namespace

Result<DynamicSymbols> read_dynamic_symbols(const ElfFile& file) {
  auto tags = read_tags(file);
  if (!tags) return tags.error();
  if (tags->symbols == 0 || tags->strings == 0 || (tags->hash == 0 && tags->gnu_hash == 0)) {
    return refuse(Reason::kCorrupt, "no dynamic symbol table");
  }
  auto count =
      tags->hash != 0 ? count_by_hash(file, tags->hash) : count_by_gnu_hash(file, tags->gnu_hash);
  if (!count) return count.error();
  auto entries = read_at(file, tags->symbols, *count * sizeof(Elf64_Sym));
  if (!entries) return entries.error();
  auto strings = read_at(file, tags->strings, tags->string_bytes);
  if (!strings) return strings.error();
  return DynamicSymbols{std::move(*entries), std::move(*strings)};
}

}  // namespace sonde
