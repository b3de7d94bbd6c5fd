// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/file_names.h"

#include <utility>

#include "symbolizer/worker/elf/elf_file.h"
#include "symbolizer/worker/symbols/file_identity.h"

namespace sonde {
namespace {

std::optional<ElfFile> open_debug_file(const NamesQuery& query) {
  if (query.debug_fd < 0) return std::nullopt;
  auto debug = ElfFile::open(query.debug_fd);
  if (!debug) return std::nullopt;
  return std::move(*debug);
}

// A debug file is the right one by its build id, or by the CRC that the file itself names.
bool belongs(const ElfFile& file, const ElfFile& debug, const NamesQuery& query) {
  if (query.debug_crc) {
    auto crc = crc_of_file(debug.fd(), debug.size());
    return crc && *crc == *query.debug_crc;
  }
  const std::string id = read_build_id(file);
  return !id.empty() && id == read_build_id(debug);
}

Result<NameKey> key_of(const NamesQuery& query) {
  auto file = FileKey::of(query.fd);
  if (!file) return file.error();
  NameKey key{*file, std::nullopt, query.debug_crc};
  if (auto debug = FileKey::of(query.debug_fd); query.debug_fd >= 0 && debug) {
    key.debug_file = *debug;
  }
  return key;
}

NameCacheEntry read_entry(const NameKey& key, const NamesQuery& query, const ElfFile& file,
                          const std::optional<ElfFile>& debug) {
  std::optional<FunctionStarts> starts;
  if (query.source != nullptr && *query.source) {
    starts.emplace(std::move(**query.source));
    query.source->reset();
  }
  const bool right = debug && belongs(file, *debug, query);
  const NameFiles files{file, right ? &*debug : nullptr};
  return {key, NameIndex::read(files, query.offsets, std::move(starts)),
          query.debug_fd >= 0 && !right};
}

}  // namespace

Result<NamesReply> names_of(const NamesQuery& query, NameCache& cache) {
  const auto key = key_of(query);
  if (!key) return key.error();
  auto file = ElfFile::open(query.fd);
  if (!file) return file.error();
  const std::optional<ElfFile> debug = open_debug_file(query);
  NamesReply reply;
  NameCacheEntry* entry = cache.find(*key);
  reply.reused = entry != nullptr;
  if (entry == nullptr) entry = &cache.add(read_entry(*key, query, *file, debug));
  reply.debug_file_rejected = entry->debug_file_rejected;
  const bool with_debug = debug && !entry->debug_file_rejected;
  reply.message = entry->index.answer({*file, with_debug ? &*debug : nullptr}, query.offsets);
  reply.evicted = cache.trim();
  return reply;
}

}  // namespace sonde
