// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/golang/function_table.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <utility>

#include "symbolizer/wire/messages.h"

namespace sonde {
namespace {

constexpr std::uint32_t kMagic12 = 0xfffffffb;
constexpr std::uint32_t kMagic116 = 0xfffffffa;
constexpr std::uint32_t kMagic118 = 0xfffffff0;
constexpr std::uint32_t kMagic120 = 0xfffffff1;  // the layout of 1.18

constexpr std::size_t kFixedHeader = 8;  // magic, two zeros, instruction unit, pointer size
constexpr std::size_t kMaxHeader = kFixedHeader + 64;
constexpr std::size_t kShortBytes = 256;  // more than nearly every name and list of deltas has
constexpr std::size_t kLongBytes = std::size_t{1} << 20;
constexpr std::uint32_t kMaxFunctions = 16U << 20;
constexpr std::uint64_t kMaxSearched = std::uint64_t{1} << 30;

// The signal return that every program for Linux has: mov $15, %eax or %rax; syscall; int $3.
constexpr std::string_view kAnchorName = "runtime.sigreturn";
constexpr std::array<std::uint8_t, 11> kAnchor = {0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00,
                                                  0x00, 0x0f, 0x05, 0xcd, 0x03};
constexpr std::array<std::uint8_t, 9> kShortAnchor = {0xb8, 0x0f, 0x00, 0x00, 0x00,
                                                      0x0f, 0x05, 0xcd, 0x03};
constexpr std::array<ByteSpan, 2> kAnchors = {kAnchor, kShortAnchor};

std::uint32_t magic_of(ByteSpan bytes) { return ByteReader(bytes).fixed<std::uint32_t>(); }

}  // namespace

bool GoFunctionTable::is_header(ByteSpan bytes) {
  if (bytes.size() < kFixedHeader) return false;
  const std::uint32_t magic = magic_of(bytes);
  const bool known =
      magic == kMagic12 || magic == kMagic116 || magic == kMagic118 || magic == kMagic120;
  return known && bytes[4] == 0 && bytes[5] == 0 && bytes[6] == 1 && bytes[7] == 8;
}

std::optional<GoFunctionTable> GoFunctionTable::open(const ElfFile& file) {
  const auto place = locate(file);
  if (!place) return std::nullopt;
  GoFunctionTable table(file);
  if (!table.read_header(*place)) return std::nullopt;
  return table;
}

std::optional<GoFunctionTable::Place> GoFunctionTable::locate(const ElfFile& file) {
  for (const char* name : {".gopclntab", ".data.rel.ro.gopclntab"}) {
    if (const ElfSection* section = file.find_section(name)) {
      return Place{section->offset, section->size};
    }
  }
  // Linkers other than Go's put it into a section of relocated data.
  const bool may_be = file.sections().empty() || file.find_section(".go.buildinfo") != nullptr ||
                      file.find_section(".note.go.buildid") != nullptr;
  return may_be ? search(file) : std::nullopt;
}

// It is aligned to 8 bytes at least.
std::optional<GoFunctionTable::Place> GoFunctionTable::search(const ElfFile& file) {
  std::uint64_t searched = 0;
  for (const ElfSegment& segment : file.segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) != 0) continue;
    FileWindow window(file, segment.offset, segment.file_bytes);
    for (std::uint64_t at = 0; at < segment.file_bytes && searched < kMaxSearched;) {
      const ByteSpan block = window.at(at, kLongBytes);
      if (block.empty()) break;
      for (std::size_t i = 0; i + kFixedHeader <= block.size(); i += 8) {
        if (!is_header(block.subspan(i))) continue;
        GoFunctionTable table(file);
        const Place place{segment.offset + at + i, segment.file_bytes - at - i};
        if (table.read_header(place)) return place;
      }
      at += block.size();
      searched += block.size();
    }
  }
  return std::nullopt;
}

bool GoFunctionTable::read_header(const Place& place) {
  FileWindow window(*file_, place.begin, place.bytes);
  const ByteSpan header = window.at(0, kMaxHeader);
  if (!is_header(header) || !read_parts(place, header)) return false;
  if (count_ == 0 || count_ > index_.bytes() / (relative_ ? 8 : 16)) return false;
  return !relative_ || find_text();
}

// The parts' places are words of the header, counted from the table's begin.
bool GoFunctionTable::read_parts(const Place& place, ByteSpan header) {
  const auto word = [&](std::size_t index) {
    ByteReader reader(header);
    reader.skip(kFixedHeader + index * 8);
    return reader.fixed<std::uint64_t>();
  };
  const auto part = [&](std::uint64_t offset) {
    const std::uint64_t skipped = std::min(offset, place.bytes);
    return FileWindow(*file_, place.begin + skipped, place.bytes - skipped);
  };
  const std::uint64_t count = word(0);
  if (count > kMaxFunctions) return false;
  count_ = static_cast<std::uint32_t>(count);
  const std::uint32_t magic = magic_of(header);
  if (magic == kMagic12) {
    index_ = part(kFixedHeader + 8);
    functions_ = part(0);
    names_ = part(0);
    deltas_ = part(0);
    return true;
  }
  relative_ = magic != kMagic116;
  const std::size_t names = relative_ ? 3 : 2;
  if (relative_) text_ = word(2);
  names_ = part(word(names));
  deltas_ = part(word(names + 3));
  functions_ = part(word(names + 4));
  index_ = part(word(names + 4));
  return true;
}

std::optional<GoFunctionTable::IndexEntry> GoFunctionTable::index_entry(std::uint32_t index) {
  const std::uint64_t field = relative_ ? 4 : 8;
  ByteReader reader(
      index_.at(std::uint64_t{index} * 2 * field, static_cast<std::size_t>(2 * field)));
  IndexEntry entry;
  if (relative_) {
    entry.address = text_ + reader.fixed<std::uint32_t>();
    // The last one is an address alone.
    entry.function = index < count_ ? reader.fixed<std::uint32_t>() : 0;
  } else {
    entry.address = reader.fixed<std::uint64_t>();
    entry.function = index < count_ ? reader.fixed<std::uint64_t>() : 0;
  }
  if (reader.failed()) return std::nullopt;
  return entry;
}

std::optional<GoFunction> GoFunctionTable::function(std::uint32_t index) {
  if (index >= count_) return std::nullopt;
  const auto entry = index_entry(index);
  const auto next = index_entry(index + 1);
  if (!entry || !next || next->address <= entry->address) return std::nullopt;
  const ElfSegment* segment = file_->code_segment(entry->address);
  if (segment == nullptr) return std::nullopt;
  const std::uint64_t in_segment = entry->address - segment->vaddr;
  const std::uint64_t bytes =
      std::min(next->address - entry->address, segment->file_bytes - in_segment);
  // The function: its address, then name, two of no use here, stack deltas; 32 bits each.
  ByteReader reader(functions_.at(entry->function, 24));
  reader.skip(relative_ ? 4 : 8);
  GoFunction result{.begin = segment->offset + in_segment};
  result.end = result.begin + bytes;
  result.name = reader.fixed<std::uint32_t>();
  reader.skip(8);
  result.stack_deltas = reader.fixed<std::uint32_t>();
  if (reader.failed()) return std::nullopt;
  return result;
}

std::string GoFunctionTable::name_of(const GoFunction& function) {
  const auto name_at = [&](std::size_t bytes) {
    const ByteSpan text = names_.at(function.name, bytes);  // often more than asked for
    return text.first(std::min(text.size(), kMaxNameBytes));
  };
  ByteSpan text = name_at(kShortBytes);
  auto end = std::ranges::find(text, std::uint8_t{0});
  if (end == text.end()) {
    text = name_at(kMaxNameBytes);
    end = std::ranges::find(text, std::uint8_t{0});
  }
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(end - text.begin())};
}

// Pairs of varints: the change of the value, zigzag-coded, and the bytes of code for which it then
// holds. The value begins at -1; a change of 0 ends the list, but for the first one.
bool GoFunctionTable::deltas_of(const GoFunction& function, const TakeDelta& take) {
  if (function.stack_deltas == 0) return false;
  // Lists are some ten bytes long; the rare long one is read anew, as far as it can go.
  ByteReader reader(deltas_.at(function.stack_deltas, kShortBytes));
  std::int64_t value = -1;
  std::uint64_t at = function.begin;
  bool whole_block = false;
  for (std::size_t done = 0; at < function.end; done = reader.position()) {
    const std::uint64_t change = reader.uleb();
    const std::uint64_t bytes = reader.uleb();
    if (reader.failed() && !whole_block) {
      whole_block = true;
      reader = ByteReader(deltas_.at(function.stack_deltas, kLongBytes));
      reader.skip(done);
      continue;
    }
    if (reader.failed() || bytes == 0 || (change == 0 && at != function.begin)) return false;
    const auto half = static_cast<std::int64_t>((change & 0xffffffffU) >> 1U);
    value += (change & 1U) != 0 ? -half - 1 : half;
    take(at, value);
    at += std::min(bytes, function.end - at);
  }
  return true;
}

void GoFunctionTable::find(
    std::span<const std::uint64_t> offsets,
    const std::function<void(std::uint64_t offset, const GoFunction&)>& take) {
  std::uint32_t index = 0;
  std::optional<GoFunction> current;
  for (const std::uint64_t offset : offsets) {
    while ((!current || current->end <= offset) && index < count_) {
      auto next = function(index);
      if (next && next->begin > offset) break;
      if (next) current = next;
      ++index;
    }
    if (current && current->begin <= offset && offset < current->end) take(offset, *current);
  }
}

bool GoFunctionTable::anchor_is_at(std::uint64_t address) const {
  const auto offset = file_->file_offset(address);
  if (!offset || file_->code_segment(address) == nullptr) return false;
  const auto bytes = file_->read(*offset, kAnchor.size(), kAnchor.size());
  return bytes && std::ranges::any_of(kAnchors, [&](ByteSpan anchor) {
           return std::ranges::equal(anchor, bytes->span().first(anchor.size()));
         });
}

// Where the signal return lies from the text's start on.
std::optional<std::uint64_t> GoFunctionTable::anchor_in_text() {
  for (std::uint32_t i = 0; i < count_; ++i) {
    const auto entry = index_entry(i);
    if (!entry) return std::nullopt;
    ByteReader reader(functions_.at(entry->function, 8));
    reader.skip(4);
    const GoFunction function{.name = reader.fixed<std::uint32_t>()};
    if (!reader.failed() && name_of(function).starts_with(kAnchorName)) {
      return entry->address - text_;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> GoFunctionTable::search_anchor() const {
  for (const ElfSegment& segment : file_->segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0) continue;
    FileWindow window(*file_, segment.offset, segment.file_bytes);
    for (std::uint64_t at = 0; at < segment.file_bytes && at < kMaxSearched;) {
      const ByteSpan block = window.at(at, kLongBytes);
      for (const ByteSpan anchor : kAnchors) {
        if (const auto found = find_bytes(block, anchor)) return segment.vaddr + at + *found;
      }
      if (block.size() <= kAnchor.size()) break;
      at += block.size() - kAnchor.size();  // one can lie across blocks
    }
  }
  return std::nullopt;
}

// The header has the text's start up to 1.25 (0 in a relocatable program that another linker made).
// Else it is that of the section, or, with C code before it, follows from a function that is known
// by its bytes.
bool GoFunctionTable::find_text() {
  if (text_ != 0 && file_->code_segment(text_) != nullptr) return true;
  text_ = 0;
  const auto anchor = anchor_in_text();
  if (!anchor) return false;
  const ElfSection* section = file_->find_section(".text");
  if (section != nullptr && anchor_is_at(section->vaddr + *anchor)) {
    text_ = section->vaddr;
    return true;
  }
  const auto address = search_anchor();
  if (!address || *address < *anchor) return false;
  text_ = *address - *anchor;
  return true;
}

}  // namespace sonde
