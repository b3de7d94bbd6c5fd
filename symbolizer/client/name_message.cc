// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/name_message.h"

#include <algorithm>
#include <cstring>

#include "symbolizer/wire/messages.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxStringBytes =
    (std::uint64_t{256} << 20) + kMaxNameBytes + kMaxDemangledBytes;

Error bad(std::string_view what) { return refuse(Reason::kWorkerProtocol, what); }

template <typename T>
T item(std::span<const std::byte> bytes, std::uint64_t base, std::size_t index) {
  T value;
  std::memcpy(&value, bytes.data() + base + index * sizeof(T), sizeof(T));
  return value;
}

// Length of the valid UTF-8 sequence at the front, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  }
  const unsigned second = byte(1);
  if (lead == 0xe0 && second < 0xa0) return 0;  // overlong
  if (lead == 0xed && second > 0x9f) return 0;  // surrogates
  if (lead == 0xf0 && second < 0x90) return 0;  // overlong
  if (lead == 0xf4 && second > 0x8f) return 0;  // past U+10FFFF
  return length;
}

bool is_control(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7f;
  // U+0080 to U+009F
  return sequence.size() == 2 && lead == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;
}

// Whether there is nothing but printable ASCII, as in nearly every name: eight bytes at a time, of
// which none may have its high bit set, before or after 1 is added (0x7f) or 0x20 is taken away.
bool is_plain(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x80 * kOnes;
  std::uint64_t odd = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, sizeof(word));
    odd |= word | (word + kOnes) | ~((word | kHigh) - 0x20 * kOnes);
  }
  for (; i < text.size(); ++i) {
    if (text[i] < 0x20 || text[i] == 0x7f) return false;
  }
  return (odd & kHigh) == 0;
}

}  // namespace

std::uint64_t max_name_message_bytes(std::size_t offset_count) {
  return sizeof(WireNamesHeader) + offset_count * (sizeof(WireFunction) + sizeof(WireNameEntry)) +
         std::min<std::uint64_t>(kMaxStringBytes,
                                 offset_count * (kMaxNameBytes + kMaxDemangledBytes));
}

std::string clean_text(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0 || is_control(text.substr(0, length))) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

Result<NameTable> decode_names(std::span<const std::byte> message,
                               std::span<const std::uint64_t> offsets) {
  if (message.size() < sizeof(WireNamesHeader)) return bad("a names message that is too short");
  const auto header = item<WireNamesHeader>(message, 0, 0);
  const std::uint64_t entries_at =
      sizeof(header) + std::uint64_t{header.function_count} * sizeof(WireFunction);
  const std::uint64_t strings_at =
      entries_at + std::uint64_t{header.entry_count} * sizeof(WireNameEntry);
  if (header.entry_count != offsets.size() || strings_at > message.size() ||
      message.size() - strings_at != header.string_bytes) {
    return bad("a names message of the wrong size");
  }
  const std::string_view strings(reinterpret_cast<const char*>(message.data() + strings_at),
                                 static_cast<std::size_t>(header.string_bytes));
  NameTable table;
  std::uint64_t text_left = 2 * header.string_bytes;  // no string is used more than twice
  table.functions.reserve(header.function_count);
  for (std::size_t i = 0; i < header.function_count; ++i) {
    const auto raw = item<WireFunction>(message, sizeof(header), i);
    if (raw.name > strings.size() || raw.name_bytes > strings.size() - raw.name ||
        raw.system_name > strings.size() ||
        raw.system_name_bytes > strings.size() - raw.system_name || raw.name_bytes == 0 ||
        raw.name_bytes > kMaxDemangledBytes || raw.system_name_bytes > kMaxNameBytes ||
        std::uint64_t{raw.name_bytes} + raw.system_name_bytes > text_left) {
      return bad("a function name out of range");
    }
    text_left -= std::uint64_t{raw.name_bytes} + raw.system_name_bytes;
    table.functions.push_back({clean_text(strings.substr(raw.name, raw.name_bytes)),
                               clean_text(strings.substr(raw.system_name, raw.system_name_bytes)),
                               raw.file_offset});
  }
  table.entries.reserve(header.entry_count);
  for (std::size_t i = 0; i < header.entry_count; ++i) {
    const auto raw = item<WireNameEntry>(message, entries_at, i);
    const bool named = raw.function != NameTable::kNoFunction;
    if (named ? raw.function >= header.function_count || raw.reason != 0 ||
                    table.functions[raw.function].file_offset > offsets[i]
              : raw.reason == 0 || raw.reason > 0xff ||
                    !is_reason(static_cast<std::uint8_t>(raw.reason)) || raw.begin > offsets[i]) {
      return bad("a name entry out of range");
    }
    table.entries.push_back({raw.function, static_cast<Reason>(raw.reason), raw.begin});
  }
  return table;
}

}  // namespace sonde
