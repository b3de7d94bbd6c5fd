// SPDX-License-Identifier: Apache-2.0
#include "agent/store/name_archive.h"

#include <cstddef>
#include <span>

#include "core/compress/zstd.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxTableBytes = std::size_t{256} << 20;  // unpacked
constexpr FileCacheKind kTables{.suffix = ".names",
                                .magic = 0x6e726f73,  // "sorn"
                                .version = 1,
                                .max_value_bytes = kMaxTableBytes,
                                .durable = true};

Result<ImageNames> read_table(const CachedValue& value) {
  const auto packed = read_value(value);
  if (!packed) return packed.error();
  const auto bytes = zstd_decompress(*packed, kMaxTableBytes);
  if (!bytes) return bytes.error();
  return ImageNames::decode(*bytes);
}

}  // namespace

NameArchive::NameArchive(const std::string& directory, std::uint64_t max_bytes)
    : read_(directory, kTables, max_bytes), written_(directory, kTables, max_bytes) {}

Result<NameArchive> NameArchive::open(const std::string& directory, std::uint64_t max_bytes) {
  NameArchive archive(directory, max_bytes);
  if (const auto found = archive.check(); !found) return found.error();
  return archive;
}

std::optional<ImageNames> NameArchive::load(const std::string& content) {
  return read_.load<ImageNames>(content, read_table);
}

Result<void> NameArchive::store(const std::string& content, const ImageNames& names) {
  const auto packed = zstd_compress(names.encode());
  if (!packed) return packed.error();
  const auto bytes = std::as_bytes(std::span(*packed));
  return written_.store(content, std::span(&bytes, 1));
}

}  // namespace sonde
