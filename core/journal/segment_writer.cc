// SPDX-License-Identifier: Apache-2.0
#include "core/journal/segment_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <string>
#include <utility>

#include "core/base/file.h"

namespace sonde {
namespace {

// One writer per directory: one name for a segment that is not there yet.
constexpr const char* kUnborn = "next.tmp";
constexpr std::uint64_t kWriteAgainBytes = std::uint64_t{64} << 10U;

Result<void> write_at(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Error::from_errno(errno, "write");
    bytes.remove_prefix(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

}  // namespace

Result<SegmentWriter> SegmentWriter::begin(int directory, const SegmentId& id,
                                           std::uint64_t reserve_bytes,
                                           std::string_view first_record) {
  UniqueFd fd(::openat(directory, kUnborn,
                       O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd) return Error::from_errno(errno, "begin a segment");
  SegmentWriter writer(std::move(fd), id, 0);
  writer.reserve(reserve_bytes);
  auto born = writer.append(first_record);
  if (born && ::renameat(directory, kUnborn, directory, segment_name(id).c_str()) != 0) {
    born = Error::from_errno(errno, "rename");
  }
  if (!born) {
    ::unlinkat(directory, kUnborn, 0);
    return born.error().with_context("begin a segment");
  }
  return writer;
}

Result<SegmentWriter> SegmentWriter::resume(int directory, const SegmentId& id, std::uint64_t end,
                                            std::uint64_t reserve_bytes) {
  const std::string name = segment_name(id);
  UniqueFd fd(::openat(directory, name.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "open " + name);
  if (::ftruncate(fd.get(), static_cast<off_t>(end)) != 0) {
    return Error::from_errno(errno, "cut " + name);
  }
  SegmentWriter writer(std::move(fd), id, end);
  if (reserve_bytes > end) writer.reserve(reserve_bytes);
  return writer;
}

// Not a condition: where the whole does not fit, records may. A part that was reserved is returned.
void SegmentWriter::reserve(std::uint64_t bytes) {
  if (::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) != 0) {
    (void)::ftruncate(fd_.get(), static_cast<off_t>(end_));
  }
}

Result<void> SegmentWriter::append(std::string_view record) {
  if (auto written = write_at(fd_.get(), record, end_); !written) {
    (void)::ftruncate(fd_.get(), static_cast<off_t>(end_));
    return written;
  }
  end_ += record.size();
  return {};
}

Result<void> SegmentWriter::sync() {
  if (::fdatasync(fd_.get()) != 0) return Error::from_errno(errno, "fdatasync");
  struct stat status {};
  if (::fstat(fd_.get(), &status) == 0 && status.st_nlink == 0) {
    return Error::from_errno(ENOENT, "the open segment was removed");
  }
  synced_end_ = end_;
  return {};
}

Result<void> SegmentWriter::cut() {
  if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) != 0) {
    return Error::from_errno(errno, "ftruncate");
  }
  return {};
}

Result<void> SegmentWriter::write_again(int directory, const SegmentId& id, std::uint64_t begin,
                                        std::uint64_t end) {
  const std::string name = segment_name(id);
  const UniqueFd fd(::openat(directory, name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "open " + name);
  std::string block;
  while (begin < end) {
    block.resize(std::min(end - begin, kWriteAgainBytes));
    auto got = pread_full(fd.get(), std::as_writable_bytes(std::span(block)), begin);
    if (!got) return got.error();
    if (*got == 0) break;
    block.resize(*got);
    if (auto put = write_at(fd.get(), block, begin); !put) return put;
    begin += block.size();
  }
  if (::fdatasync(fd.get()) != 0) return Error::from_errno(errno, "fdatasync");
  return {};
}

}  // namespace sonde
