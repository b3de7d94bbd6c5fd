// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/code_map.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/wire/reason.h"
#include "symbolizer/worker/elf/byte_reader.h"
#include "symbolizer/worker/symbols/names_message.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

constexpr std::uint32_t kDumpMagic = 0x4a695444;
constexpr std::uint32_t kDumpMagicSwapped = 0x4454694a;
constexpr std::uint64_t kDumpHeader = 40;
constexpr std::uint64_t kRecordHeader = 16;
constexpr std::uint32_t kCodeLoad = 0;
constexpr std::uint32_t kCodeMove = 1;
constexpr std::size_t kMoveFields = 48;
// Loaded code that can be named once it has moved.
constexpr std::size_t kMaxMovable = 1U << 20;

std::size_t read_at(int fd, std::uint64_t offset, std::span<std::uint8_t> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got =
        ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

// The last name that was given for each address.
class Answers {
 public:
  explicit Answers(std::span<const std::uint64_t> addresses)
      : addresses_(addresses), found_(addresses.size()) {}

  void add(std::uint64_t begin, std::uint64_t bytes, std::string_view name) {
    const auto first = std::ranges::lower_bound(addresses_, begin);
    for (auto at = first; at != addresses_.end() && *at - begin < bytes; ++at) {
      Found& found = found_[static_cast<std::size_t>(at - addresses_.begin())];
      found.begin = begin;
      found.name = name.substr(0, kMaxNameBytes);
    }
  }

  [[nodiscard]] std::string message() const {
    NamesMessage out;
    std::map<std::pair<std::uint64_t, std::string_view>, std::uint32_t> numbers;
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const Found& found = found_[i];
      if (found.name.empty()) {
        out.add_unnamed(Reason::kNoSymbol, addresses_[i]);
        continue;
      }
      auto [entry, fresh] = numbers.try_emplace({found.begin, found.name}, 0);
      if (fresh) entry->second = out.add_function(found.begin, found.name, {});
      if (entry->second == NamesMessage::kNoFunction) {
        out.add_unnamed(Reason::kTooLarge, addresses_[i]);
      } else {
        out.add_entry(entry->second);
      }
    }
    return out.finish();
  }

 private:
  struct Found {
    std::uint64_t begin = 0;
    std::string name;
  };
  std::span<const std::uint64_t> addresses_;
  std::vector<Found> found_;
};

// `START SIZE NAME`, both numbers hexadecimal. Lines that are not of this form are skipped: the
// file is being written.
void take_line(std::string_view line, Answers& answers) {
  const auto number = [&line](std::uint64_t& value) {
    if (line.starts_with("0x") || line.starts_with("0X")) line.remove_prefix(2);
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value, 16);
    if (error != std::errc{} || end == line.data() + line.size() || *end != ' ') return false;
    line.remove_prefix(static_cast<std::size_t>(end - line.data()) + 1);
    return true;
  };
  std::uint64_t begin = 0, bytes = 0;
  if (number(begin) && number(bytes)) answers.add(begin, bytes, line);
}

// A block at a time; a line longer than a block is cut into several.
void read_perf_map(int fd, std::uint64_t size, Answers& answers) {
  std::vector<std::uint8_t> block(kBlockBytes);
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t got = read_at(fd, at, block);
    std::string_view text(reinterpret_cast<const char*>(block.data()), got);
    if (got == 0) return;
    const bool last = got < block.size();
    std::size_t done = 0;
    for (std::size_t end = text.find('\n'); end != std::string_view::npos;
         end = text.find('\n', done)) {
      take_line(text.substr(done, end - done), answers);
      done = end + 1;
    }
    if (last) return;  // a line without an end is not finished yet
    at += done == 0 ? got : done;
  }
}

// Parts of a file in ascending order, read a block at a time.
class BlockReader {
 public:
  explicit BlockReader(int fd) : fd_(fd), block_(kBlockBytes) {}

  // `bytes` (at most a block) from `offset` on, fewer at the file's end. Valid until the next call.
  ByteSpan at(std::uint64_t offset, std::size_t bytes) {
    if (offset < begin_ || offset + bytes > begin_ + held_) {
      begin_ = offset;
      held_ = read_at(fd_, offset, block_);
    }
    const auto in_block = static_cast<std::size_t>(offset - begin_);
    return ByteSpan(block_).subspan(in_block, std::min(bytes, held_ - in_block));
  }

 private:
  int fd_;
  std::vector<std::uint8_t> block_;
  std::uint64_t begin_ = 0;
  std::size_t held_ = 0;
};

// Records one after the other; each says how long it is.
class DumpReader {
 public:
  DumpReader(int fd, std::uint64_t size, Answers& answers)
      : fd_(fd), size_(size), answers_(answers) {}

  void read() {
    constexpr std::size_t kMost = kRecordHeader + kMoveFields + kMaxNameBytes;
    BlockReader blocks(fd_);
    for (std::uint64_t at = header_bytes(); at + kRecordHeader <= size_;) {
      ByteReader reader(blocks.at(at, kMost));
      const auto kind = reader.fixed<std::uint32_t>();
      const auto length = reader.fixed<std::uint32_t>();
      reader.skip(8);
      if (reader.failed() || length < kRecordHeader) return;
      const ByteSpan body =
          reader.rest().first(std::min<std::size_t>(reader.left(), length - kRecordHeader));
      if (kind == kCodeLoad) load(body);
      if (kind == kCodeMove) move(body);
      at += length;
    }
  }

 private:
  // The header says how long it is itself.
  [[nodiscard]] std::uint64_t header_bytes() const {
    std::array<std::uint8_t, 12> bytes{};
    if (read_at(fd_, 0, bytes) != bytes.size()) return size_;
    ByteReader reader(bytes);
    reader.skip(8);
    return std::max<std::uint64_t>(reader.fixed<std::uint32_t>(), kDumpHeader);
  }

  // pid, tid, address twice, size, number; then the name and the code.
  void load(ByteSpan body) {
    ByteReader reader(body);
    reader.skip(16);
    const auto address = reader.fixed<std::uint64_t>();
    const auto bytes = reader.fixed<std::uint64_t>();
    const auto number = reader.fixed<std::uint64_t>();
    if (reader.failed()) return;
    const ByteSpan rest = reader.rest().first(std::min(reader.left(), kMaxNameBytes));
    const auto end = std::ranges::find(rest, std::uint8_t{0});
    const std::string_view name(reinterpret_cast<const char*>(rest.data()),
                                static_cast<std::size_t>(end - rest.begin()));
    answers_.add(address, bytes, name);
    if (names_.size() < kMaxMovable) names_[number] = name;
  }

  // pid, tid, address, old and new address, size, number.
  void move(ByteSpan body) {
    ByteReader reader(body);
    reader.skip(24);
    const auto address = reader.fixed<std::uint64_t>();
    const auto bytes = reader.fixed<std::uint64_t>();
    const auto number = reader.fixed<std::uint64_t>();
    const auto name = names_.find(number);
    if (!reader.failed() && name != names_.end()) answers_.add(address, bytes, name->second);
  }

  int fd_;
  std::uint64_t size_;
  Answers& answers_;
  std::unordered_map<std::uint64_t, std::string> names_;  // by the code's number
};

}  // namespace

Result<std::string> names_of_code(int fd, std::span<const std::uint64_t> addresses) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return refuse(Reason::kUnreadable, "not a regular file");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > kMaxBytes) return refuse(Reason::kTooLarge, "a code map over 1 GiB");
  std::uint32_t magic = 0;
  read_at(fd, 0, {reinterpret_cast<std::uint8_t*>(&magic), sizeof(magic)});
  if (magic == kDumpMagicSwapped) return refuse(Reason::kOtherMachine, "a big-endian jitdump");
  Answers answers(addresses);
  if (magic == kDumpMagic) {
    DumpReader(fd, size, answers).read();
  } else {
    read_perf_map(fd, size, answers);
  }
  return answers.message();
}

}  // namespace sonde
