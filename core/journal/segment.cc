// SPDX-License-Identifier: Apache-2.0
#include "core/journal/segment.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::string_view kSuffix = ".journal";
constexpr std::size_t kDigits = 16;
constexpr std::size_t kReadStep = std::size_t{64} * 1024;

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, kDigits);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// pread(2) that must not come back short: `bounds.end` lies within the file.
Result<void> read_at(int fd, std::span<std::byte> out, std::uint64_t offset) {
  auto got = pread_full(fd, out, offset);
  if (!got) return got.error();
  if (*got != out.size()) return Error{ErrorCode::kDataLoss, "segment is shorter than it was"};
  return {};
}

}  // namespace

std::string segment_name(const SegmentId& id) {
  return fmt::format("{:016x}-{:016x}{}", id.first_sequence, id.mark, kSuffix);
}

std::optional<SegmentId> parse_segment_name(std::string_view name) {
  if (name.size() != 2 * kDigits + 1 + kSuffix.size() || name[kDigits] != '-' ||
      !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  const auto first = parse_hex(name.substr(0, kDigits));
  const auto mark = parse_hex(name.substr(kDigits + 1, kDigits));
  if (!first || !mark) return std::nullopt;
  const SegmentId id{*first, *mark};
  if (segment_name(id) != name) return std::nullopt;  // capitals: another file's name
  return id;
}

Result<std::vector<SegmentId>> list_segments(int directory) {
  UniqueFd fd(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "open the journal's directory");
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd.get()));
  if (!stream) return Error::from_errno(errno, "list the journal's directory");
  (void)fd.release();  // closedir(3) closes it
  std::vector<SegmentId> found;
  errno = 0;
  while (const dirent* item = ::readdir(stream.get())) {
    if (const auto id = parse_segment_name(item->d_name)) found.push_back(*id);
  }
  if (errno != 0) return Error::from_errno(errno, "list the journal's directory");
  std::ranges::sort(found);
  return found;
}

Result<UniqueFd> open_segment(int directory, const SegmentId& id) {
  const std::string name = segment_name(id);
  UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return Error::from_errno(errno, "open " + name);
  return fd;
}

bool is_passing(const Error& error) { return error.code == ErrorCode::kResourceExhausted; }

Result<std::optional<RecordHeader>> SegmentReader::header_at(std::uint64_t offset,
                                                             const SegmentBounds& bounds) const {
  std::array<std::byte, sizeof(RecordHeader)> bytes{};
  if (auto got = read_at(fd_, bytes, offset); !got) return got.error();
  auto header = parse_record_header(bytes, mark_);
  if (header && (header->sequence < next_sequence_ || header->sequence >= bounds.sequence_end ||
                 header->stored_bytes > bounds.end - offset - sizeof(RecordHeader))) {
    header.reset();
  }
  return header;
}

Result<std::uint64_t> SegmentReader::find_mark(std::uint64_t from, std::uint64_t end) const {
  std::array<std::byte, kReadStep> buffer;
  while (from < end && end - from >= sizeof(mark_)) {
    const std::span<std::byte> block =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), end - from));
    if (auto got = read_at(fd_, block, from); !got) return got.error();
    const void* found = ::memmem(block.data(), block.size(), &mark_, sizeof(mark_));
    if (found != nullptr) {
      return from + static_cast<std::uint64_t>(static_cast<const std::byte*>(found) - block.data());
    }
    from += block.size() - (sizeof(mark_) - 1);  // one may begin in this block and end in the next
  }
  return end;
}

void SegmentReader::pass(std::uint64_t offset, const RecordHeader& header) {
  damaged_bytes_ += offset - offset_;
  offset_ = offset + sizeof(header) + header.stored_bytes;
  next_sequence_ = header.sequence + 1;
}

Result<std::optional<StoredRecord>> SegmentReader::next(const SegmentBounds& bounds,
                                                        std::uint64_t sequence) {
  std::uint64_t at = offset_;
  while (at < bounds.end && bounds.end - at >= sizeof(RecordHeader)) {
    auto header = header_at(at, bounds);
    if (!header) return header.error();
    if (!*header) {
      auto mark = find_mark(at + 1, bounds.end);
      if (!mark) return mark.error();
      at = *mark;
      continue;
    }
    StoredRecord record{.offset = at, .header = **header, .stored = {}};
    at += sizeof(RecordHeader) + record.header.stored_bytes;
    if (record.header.sequence < sequence) {
      pass(record.offset, record.header);
      continue;
    }
    record.stored.resize(record.header.stored_bytes);
    const auto stored = std::as_writable_bytes(std::span(record.stored));
    if (auto got = read_at(fd_, stored, record.offset + sizeof(RecordHeader)); !got) {
      return got.error();
    }
    if (!is_intact(record.header, stored)) continue;  // its length was intact: the next one follows
    pass(record.offset, record.header);
    return std::optional(std::move(record));
  }
  return std::optional<StoredRecord>();
}

Result<void> SegmentReader::finish(std::uint64_t end) {
  std::array<std::byte, kReadStep> buffer;
  std::uint64_t last = offset_;  // behind the last byte that is not zero
  for (std::uint64_t at = offset_; at < end;) {
    const std::span<std::byte> block =
        std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), end - at));
    if (auto got = read_at(fd_, block, at); !got) return got.error();
    for (std::size_t i = block.size(); i > 0; --i) {
      if (block[i - 1] == std::byte{0}) continue;
      last = at + i;
      break;
    }
    at += block.size();
  }
  damaged_bytes_ += last - offset_;
  offset_ = end;
  return {};
}

}  // namespace sonde
