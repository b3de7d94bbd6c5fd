// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/row_cache.h"

#include <array>
#include <cstddef>
#include <span>

#include "core/base/checksum.h"
#include "symbolizer/wire/row_file.h"

namespace sonde {
namespace {

constexpr FileCacheKind kRows{.suffix = ".rows",
                              .magic = 0x63726f73,  // "sorc"
                              .version = kRowFormatVersion,
                              .max_value_bytes = kMaxRowFileBytes};

// A table as the bytes of a row file.
struct FlatRows {
  explicit FlatRows(const RowTable& table) {
    header.classes = classes_of(table);
    parts = row_file_parts(table, header);
  }
  FlatRows(const FlatRows&) = delete;
  FlatRows& operator=(const FlatRows&) = delete;
  ~FlatRows() = default;

  RowFileHeader header;
  std::array<std::span<const std::byte>, 3> parts;
};

Result<RowTable> read_rows(const CachedValue& value) {
  auto table = read_row_file(value.file.get(), value.offset, value.bytes);
  if (table && value.checksum != checksum(FlatRows(*table).parts)) {
    return Error{ErrorCode::kDataLoss, "damaged rows"};
  }
  return table;
}

}  // namespace

Result<RowCache> RowCache::open(const std::string& directory, std::uint64_t max_bytes) {
  auto files = FileCache::open(directory, kRows, max_bytes);
  if (!files) return files.error();
  return RowCache(std::move(*files));
}

std::optional<RowTable> RowCache::load(const std::string& key) {
  return files_.load<RowTable>(key, read_rows);
}

void RowCache::store(const std::string& key, const RowTable& table) {
  (void)files_.store(key, FlatRows(table).parts);
}

}  // namespace sonde
