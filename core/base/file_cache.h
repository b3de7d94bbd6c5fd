// SPDX-License-Identifier: Apache-2.0
// Values on disk, each a file named by the hash of what it was made from. A file that is damaged,
// cut, or of another version is a miss and is removed, one that cannot be read now is a miss and
// stays; the least recently used ones make room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/directory.h"
#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// What all files of a cache have in common.
struct FileCacheKind {
  std::string_view suffix;  // of the files' names, with its dot
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t max_value_bytes = 0;
  // What store() wrote outlives a power cut. Costs an fsync(2) of the file and of the directory;
  // for values that cannot be made again.
  bool durable = false;
};

// A value as it lies in its file.
struct CachedValue {
  UniqueFd file;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // checksum() of the value as it was stored
};

// The whole value.
// errors  kDataLoss (it is not what was stored), those of pread(2)
Result<std::string> read_value(const CachedValue& value);

// Thread-confined. Several processes may share a directory.
class FileCache {
 public:
  struct Counters {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t corrupt = 0;        // damaged or of another version: removed
    std::uint64_t read_failures = 0;  // could not be opened or read: misses that are still there
    std::uint64_t write_failures = 0;
    std::uint64_t evictions = 0;
  };

  // The directory is opened, and made with mode 0700 where it is missing, whenever something is
  // loaded or stored; nothing of it stays open. It must belong to this user and be writable by
  // nobody else: values from a directory that others can write would be theirs.
  FileCache(std::string directory, const FileCacheKind& kind, std::uint64_t max_bytes)
      : directory_(std::move(directory)), kind_(kind), max_bytes_(max_bytes) {}
  // The same, if check() finds nothing wrong.
  static Result<FileCache> open(const std::string& directory, const FileCacheKind& kind,
                                std::uint64_t max_bytes);
  // Whether the directory can be opened now.
  // errors  as PrivateDirectory::open().
  Result<void> check();

  // What `read`, a function of const CachedValue& that returns a Result<Value>, makes of the value.
  // It has to compare the checksum. Any error of it is damage, except those of system calls and of
  // memory (kResourceExhausted), which say nothing about the file.
  //
  // key  1 to 128 of the characters 0-9 a-z; any other is a miss.
  template <typename Value, typename Read>
  std::optional<Value> load(std::string_view key, const Read& read) {
    const auto directory = directory_.open();
    if (!directory) return missed(-1, key, directory.error());
    const auto file = open_value(directory->get(), key);
    if (!file) return missed(directory->get(), key, file.error());
    Result<Value> value = read(*file);
    if (!value) return missed(directory->get(), key, value.error());
    hit(directory->get(), key);
    return std::move(*value);
  }
  // As if it were loaded: it is in use. False: it is not there any more.
  [[nodiscard]] bool touch(std::string_view key);
  // Stores the parts as one value. Failures are counted as well. Atomic; unless the kind is
  // durable, without fsync(2): after a power cut the checksum tells what did not reach the disk.
  //
  // errors  those of check(), write(2), rename(2) and, of a durable kind, fsync(2);
  //         kResourceExhausted without an errno: too large for the cache, or no key. Not counted.
  Result<void> store(std::string_view key, std::span<const std::span<const std::byte>> parts);

  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  [[nodiscard]] std::string file_name(std::string_view key) const;
  [[nodiscard]] Result<CachedValue> open_value(int directory, std::string_view key) const;
  // directory  -1: it could not be opened.
  std::nullopt_t missed(int directory, std::string_view key, const Error& why);
  [[nodiscard]] bool touch(int directory, std::string_view key) const;
  void hit(int directory, std::string_view key);
  [[nodiscard]] Result<void> write(int directory, const std::string& name,
                                   std::uint64_t value_bytes,
                                   std::span<const std::span<const std::byte>> parts) const;
  void evict(int directory, std::uint64_t incoming_bytes);

  PrivateDirectory directory_;
  FileCacheKind kind_;
  std::uint64_t max_bytes_;
  std::uint64_t used_bytes_ = 0;  // as of the last look at the directory, plus own writes
  bool used_known_ = false;
  Counters counters_;
};

}  // namespace sonde
