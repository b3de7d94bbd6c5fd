// SPDX-License-Identifier: Apache-2.0
// Tables of names on disk beside the journal, one file per image, named by the hash of the image's
// content: what names yesterday's frames when their file is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/store/image_names.h"
#include "core/base/file_cache.h"
#include "core/base/result.h"

namespace sonde {

// One thread stores and touches, another may load meanwhile.
class NameArchive {
 public:
  // max_bytes  of all tables: the least recently used ones make room.
  NameArchive(const std::string& directory, std::uint64_t max_bytes);
  // The same, if check() finds nothing wrong.
  static Result<NameArchive> open(const std::string& directory, std::uint64_t max_bytes);

  // Whether it can be opened now; if not, it may be later. errors: as FileCache::check().
  Result<void> check() { return written_.check(); }

  // content  of an ImageIdentity, or of the kernel.
  // returns  none if there is no table, it was damaged, or it cannot be read now.
  // cost     reads and unpacks it: about 1 us a name.
  std::optional<ImageNames> load(const std::string& content);
  // Says that it is in use. False: it has made room for others.
  // cost  some us, or as long as the disk takes.
  [[nodiscard]] bool touch(const std::string& content) { return written_.touch(content); }
  // Replaces the table, for good: it outlives a power cut. Failures are counted as well.
  // errors  as FileCache::store(); kResourceExhausted without an errno: it is too large
  // cost    as long as the disk takes to write it.
  Result<void> store(const std::string& content, const ImageNames& names);

  // Of load().
  [[nodiscard]] const FileCache::Counters& counters() const { return read_.counters(); }

 private:
  // Both of the same directory, as two processes would have it.
  FileCache read_;
  FileCache written_;
};

}  // namespace sonde
