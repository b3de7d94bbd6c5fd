// SPDX-License-Identifier: Apache-2.0
#include "core/base/file_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "core/base/checksum.h"
#include "core/base/directory.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::string_view kTemporary = ".tmp";
constexpr std::int64_t kStaleSeconds = 3600;  // a temporary this old lost its writer
constexpr std::size_t kMaxKeyBytes = 128;

struct CacheHeader {
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t checksum = 0;  // of the value
  std::uint64_t value_bytes = 0;
  std::uint64_t reserved = 0;
};

struct Entry {
  std::string name;
  std::uint64_t bytes = 0;
  std::int64_t used_ns = 0;  // mtime: set on every hit
};

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

// Every cache file of the directory, or none if it cannot be listed; stale temporaries are removed
// on the way.
std::optional<std::vector<Entry>> list(int directory, std::string_view suffix) {
  UniqueFd fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd.get()));
  if (!stream) return std::nullopt;
  (void)fd.release();  // closedir(3) closes it
  std::vector<Entry> out;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  while (const dirent* item = ::readdir(stream.get())) {
    const std::string_view name = item->d_name;
    struct stat status {};
    if (::fstatat(directory, item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode)) {
      continue;
    }
    if (name.ends_with(kTemporary) && now.tv_sec - status.st_mtim.tv_sec > kStaleSeconds) {
      ::unlinkat(directory, item->d_name, 0);
    } else if (name.ends_with(suffix)) {
      out.push_back({std::string(name), static_cast<std::uint64_t>(status.st_size),
                     static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                         status.st_mtim.tv_nsec});
    }
  }
  return out;
}

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kMaxKeyBytes && std::ranges::all_of(key, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
  });
}

// Nobody else's: processes of other pid namespaces may share the directory, and one that was killed
// leaves its own behind.
std::string temporary_name(const std::string& name) {
  std::uint64_t random = 0;
  (void)::getrandom(&random, sizeof(random), 0);
  return name + "." + std::to_string(random) + std::string(kTemporary);
}

// Of what the file has. Other errors are those of a moment: too many descriptors, no memory.
bool is_damage(const Error& why) {
  return why.sys_errno == 0 && why.code != ErrorCode::kResourceExhausted;
}

Error damaged() { return Error{ErrorCode::kDataLoss, "damaged or of another version"}; }

}  // namespace

Result<FileCache> FileCache::open(const std::string& directory, const FileCacheKind& kind,
                                  std::uint64_t max_bytes) {
  FileCache cache(directory, kind, max_bytes);
  if (const auto found = cache.check(); !found) return found.error();
  return cache;
}

Result<void> FileCache::check() {
  const auto directory = directory_.open();
  return directory ? Result<void>() : Result<void>(directory.error());
}

std::string FileCache::file_name(std::string_view key) const {
  return std::string(key) + std::string(kind_.suffix);
}

std::nullopt_t FileCache::missed(int directory, std::string_view key, const Error& why) {
  if (directory < 0) {
    ++counters_.read_failures;
  } else if (why.code == ErrorCode::kNotFound) {
    ++counters_.misses;
  } else if (is_damage(why)) {
    ++counters_.corrupt;
    ::unlinkat(directory, file_name(key).c_str(), 0);
  } else {
    ++counters_.read_failures;
  }
  return std::nullopt;
}

bool FileCache::touch(std::string_view key) {
  const auto directory = directory_.open();
  return !directory || touch(directory->get(), key);
}

bool FileCache::touch(int directory, std::string_view key) const {
  return ::utimensat(directory, file_name(key).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0 ||
         errno != ENOENT;
}

void FileCache::hit(int directory, std::string_view key) {
  ++counters_.hits;
  (void)touch(directory, key);
}

Result<CachedValue> FileCache::open_value(int directory, std::string_view key) const {
  if (!is_key(key)) return Error{ErrorCode::kNotFound, "no key"};
  UniqueFd fd(
      ::openat(directory, file_name(key).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return Error{ErrorCode::kNotFound, "not cached"};
    return Error::from_errno(errno, "open");
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(errno, "stat");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size < sizeof(CacheHeader) ||
      size > sizeof(CacheHeader) + kind_.max_value_bytes) {
    return damaged();
  }
  CacheHeader header;
  auto got = pread_full(fd.get(), std::as_writable_bytes(std::span(&header, 1)), 0);
  if (!got) return got.error();
  if (*got != sizeof(header) || header.magic != kind_.magic || header.version != kind_.version ||
      header.value_bytes != size - sizeof(header)) {
    return damaged();
  }
  return CachedValue{std::move(fd), sizeof(header), header.value_bytes, header.checksum};
}

Result<std::string> read_value(const CachedValue& value) {
  std::string bytes(value.bytes, '\0');
  const auto out = std::as_writable_bytes(std::span(bytes));
  auto got = pread_full(value.file.get(), out, value.offset);
  if (!got) return got.error();
  if (*got != value.bytes || checksum(out) != value.checksum) return damaged();
  return bytes;
}

Result<void> FileCache::store(std::string_view key,
                              std::span<const std::span<const std::byte>> parts) {
  std::uint64_t value_bytes = 0;
  for (const auto part : parts) value_bytes += part.size();
  const std::uint64_t bytes = sizeof(CacheHeader) + value_bytes;
  if (bytes > max_bytes_ || value_bytes > kind_.max_value_bytes || !is_key(key)) {
    return Error{ErrorCode::kResourceExhausted, "too large for " + directory_.path()};
  }
  const auto directory = directory_.open();
  Result<void> written = directory ? Result<void>() : Result<void>(directory.error());
  if (written) {
    evict(directory->get(), bytes);
    written = write(directory->get(), file_name(key), value_bytes, parts);
  }
  if (written) {
    used_bytes_ += bytes;
    if (kind_.durable && ::fsync(directory->get()) != 0) {
      written = Error::from_errno(errno, "fsync " + directory_.path());
    }
  }
  if (!written) ++counters_.write_failures;
  return written;
}

Result<void> FileCache::write(int directory, const std::string& name, std::uint64_t value_bytes,
                              std::span<const std::span<const std::byte>> parts) const {
  const CacheHeader header{.magic = kind_.magic,
                           .version = kind_.version,
                           .checksum = checksum(parts),
                           .value_bytes = value_bytes};
  const std::string temporary = temporary_name(name);
  const UniqueFd fd(::openat(directory, temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return Error::from_errno(errno, "create a file in " + directory_.path());
  const auto put = [&fd](std::span<const std::byte> bytes) {
    return write_all(fd.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  Result<void> written = put(std::as_bytes(std::span(&header, 1)));
  for (const auto part : parts) {
    if (written) written = put(part);
  }
  if (written && kind_.durable && ::fsync(fd.get()) != 0) {
    written = Error::from_errno(errno, "fsync");
  }
  if (written && ::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) {
    written = Error::from_errno(errno, "rename");
  }
  if (written) return {};
  ::unlinkat(directory, temporary.c_str(), 0);
  return written.error().with_context(directory_.path());
}

// Makes room for one more file: the least recently used ones go first.
void FileCache::evict(int directory, std::uint64_t incoming_bytes) {
  if (used_known_ && used_bytes_ + incoming_bytes <= max_bytes_) return;
  auto entries = list(directory, kind_.suffix);
  used_known_ = entries.has_value();
  if (!used_known_) return;
  used_bytes_ = 0;
  for (const Entry& entry : *entries) used_bytes_ += entry.bytes;
  std::ranges::sort(*entries, {}, &Entry::used_ns);
  for (const Entry& entry : *entries) {
    if (used_bytes_ + incoming_bytes <= max_bytes_) break;
    if (::unlinkat(directory, entry.name.c_str(), 0) != 0) continue;
    used_bytes_ -= entry.bytes;
    ++counters_.evictions;
  }
}

}  // namespace sonde
