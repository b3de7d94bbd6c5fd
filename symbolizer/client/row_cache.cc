// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/row_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/checksum.h"
#include "core/base/file.h"
#include "symbolizer/wire/row_file.h"

namespace sonde {
namespace {

constexpr std::uint32_t kCacheMagic = 0x63726f73;  // "sorc"
constexpr std::string_view kSuffix = ".rows";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::int64_t kStaleSeconds = 3600;  // a temporary this old lost its writer

struct CacheHeader {
  std::uint32_t magic = kCacheMagic;
  std::uint32_t version = kRowFormatVersion;
  std::uint64_t checksum = 0;  // of the payload
  std::uint64_t payload_bytes = 0;
  std::uint64_t reserved = 0;
};

// A table as the bytes of a row file.
struct FlatRows {
  explicit FlatRows(const RowTable& table) {
    header.classes = classes_of(table);
    parts = row_file_parts(table, header);
  }
  FlatRows(const FlatRows&) = delete;
  FlatRows& operator=(const FlatRows&) = delete;
  ~FlatRows() = default;

  [[nodiscard]] std::uint64_t bytes() const {
    return parts[0].size() + parts[1].size() + parts[2].size();
  }

  RowFileHeader header;
  std::array<std::span<const std::byte>, 3> parts;
};

struct Entry {
  std::string name;
  std::uint64_t bytes = 0;
  std::int64_t used_ns = 0;  // mtime: set on every hit
};

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

Result<void> make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return Error::from_errno(errno, "create " + part);
    }
    if (slash == std::string::npos) return {};
  }
}

// Every cache file of the directory; stale temporaries are removed on the way.
std::vector<Entry> list(int directory) {
  std::vector<Entry> out;
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return out;
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd));
  if (!stream) return out;
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
    } else if (name.ends_with(kSuffix)) {
      out.push_back({std::string(name), static_cast<std::uint64_t>(status.st_size),
                     static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                         status.st_mtim.tv_nsec});
    }
  }
  return out;
}

std::string file_name(const std::string& key) { return key + std::string(kSuffix); }

Error damaged() { return Error{ErrorCode::kDataLoss, "damaged or of another version"}; }

}  // namespace

Result<RowCache> RowCache::open(const std::string& directory, std::uint64_t max_bytes) {
  if (auto made = make_directories(directory); !made) return made.error();
  UniqueFd fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "open " + directory);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(errno, "stat " + directory);
  if (status.st_uid != ::geteuid() || (status.st_mode & 022U) != 0) {
    return Error{ErrorCode::kPermissionDenied,
                 directory + " belongs to another user or is writable by others"};
  }
  return RowCache(std::move(fd), max_bytes);
}

std::optional<RowTable> RowCache::load(const std::string& key) {
  const std::string name = file_name(key);
  auto table = read(name);
  if (table) {
    ++counters_.hits;
    ::utimensat(directory_.get(), name.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
    return std::move(*table);
  }
  if (table.error().code == ErrorCode::kNotFound) {
    ++counters_.misses;
  } else {
    ++counters_.corrupt;
    ::unlinkat(directory_.get(), name.c_str(), 0);
  }
  return std::nullopt;
}

Result<RowTable> RowCache::read(const std::string& name) const {
  const UniqueFd fd(
      ::openat(directory_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) {
    if (errno == ENOENT) return Error{ErrorCode::kNotFound, "not cached"};
    return Error::from_errno(errno, "open");
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::from_errno(errno, "stat");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size < sizeof(CacheHeader) ||
      size > sizeof(CacheHeader) + kMaxRowFileBytes) {
    return damaged();
  }
  CacheHeader header;
  auto got = pread_full(fd.get(), std::as_writable_bytes(std::span(&header, 1)), 0);
  if (!got) return got.error();
  if (*got != sizeof(header) || header.magic != kCacheMagic ||
      header.version != kRowFormatVersion || header.payload_bytes != size - sizeof(header)) {
    return damaged();
  }
  auto table = read_row_file(fd.get(), sizeof(header), header.payload_bytes);
  if (table && header.checksum != checksum(FlatRows(*table).parts)) return damaged();
  return table;
}

void RowCache::store(const std::string& key, const RowTable& table) {
  const FlatRows flat(table);
  const std::uint64_t bytes = sizeof(CacheHeader) + flat.bytes();
  if (bytes > max_bytes_) return;
  evict(bytes);
  if (write(file_name(key), flat.parts)) {
    used_bytes_ += bytes;
  } else {
    ++counters_.write_failures;
  }
}

// Without fsync(2): after a power cut the checksum tells what did not reach the disk.
bool RowCache::write(const std::string& name, std::span<const std::span<const std::byte>> parts) {
  CacheHeader header;
  header.checksum = checksum(parts);
  for (const auto part : parts) header.payload_bytes += part.size();
  const std::string temporary = name + "." + std::to_string(::getpid()) + std::string(kTemporary);
  const UniqueFd fd(::openat(directory_.get(), temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return false;
  const auto put = [&fd](std::span<const std::byte> bytes) {
    return write_all(fd.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}).ok();
  };
  const bool written =
      put(std::as_bytes(std::span(&header, 1))) && std::ranges::all_of(parts, put) &&
      ::renameat(directory_.get(), temporary.c_str(), directory_.get(), name.c_str()) == 0;
  if (!written) ::unlinkat(directory_.get(), temporary.c_str(), 0);
  return written;
}

// Makes room for one more file: the least recently used ones go first.
void RowCache::evict(std::uint64_t incoming_bytes) {
  if (used_known_ && used_bytes_ + incoming_bytes <= max_bytes_) return;
  std::vector<Entry> entries = list(directory_.get());
  used_bytes_ = 0;
  for (const Entry& entry : entries) used_bytes_ += entry.bytes;
  used_known_ = true;
  std::ranges::sort(entries, {}, &Entry::used_ns);
  for (const Entry& entry : entries) {
    if (used_bytes_ + incoming_bytes <= max_bytes_) break;
    if (::unlinkat(directory_.get(), entry.name.c_str(), 0) != 0) continue;
    used_bytes_ -= entry.bytes;
    ++counters_.evictions;
  }
}

}  // namespace sonde
