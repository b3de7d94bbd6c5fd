// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/unwind/frame_section.h"

#include <dwarf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string_view>

#include "symbolizer/worker/unwind/cfi_machine.h"

namespace sonde {
namespace {

constexpr std::uint8_t kFormatMask = 0x0f;
constexpr std::uint8_t kRelativeMask = 0x70;
constexpr std::size_t kMaxAugmentation = 16;
constexpr std::uint32_t kWideLength = 0xffffffff;
constexpr std::uint8_t kCommonEncoding = DW_EH_PE_pcrel | DW_EH_PE_sdata4;

template <typename T>
std::uint64_t sign_extended(ByteReader& reader) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(reader.fixed<T>()));
}

std::optional<std::uint64_t> read_format(ByteReader& reader, std::uint8_t format) {
  switch (format) {
    case DW_EH_PE_absptr:
    case DW_EH_PE_udata8:
    case DW_EH_PE_sdata8:
      return reader.fixed<std::uint64_t>();
    case DW_EH_PE_uleb128:
      return reader.uleb();
    case DW_EH_PE_sleb128:
      return static_cast<std::uint64_t>(reader.sleb());
    case DW_EH_PE_udata2:
      return reader.fixed<std::uint16_t>();
    case DW_EH_PE_udata4:
      return reader.fixed<std::uint32_t>();
    case DW_EH_PE_sdata2:
      return sign_extended<std::int16_t>(reader);
    case DW_EH_PE_sdata4:
      return sign_extended<std::int32_t>(reader);
    default:
      return std::nullopt;
  }
}

// Length of code: the format of the pointer, never relative.
std::optional<std::uint64_t> read_length(ByteReader& reader, std::uint8_t encoding) {
  auto length = read_format(reader, encoding & kFormatMask);
  if (length && (encoding & kFormatMask) == DW_EH_PE_sdata4) *length &= 0xffffffffU;
  if (length && (encoding & kFormatMask) == DW_EH_PE_sdata2) *length &= 0xffffU;
  return length;
}

struct Augmentation {
  std::array<char, kMaxAugmentation> text{};
  std::size_t size = 0;
  [[nodiscard]] std::string_view view() const { return {text.data(), size}; }
};

std::optional<Augmentation> read_augmentation(ByteReader& reader) {
  Augmentation out;
  while (const std::uint8_t byte = reader.u8()) {
    if (out.size == out.text.size()) return std::nullopt;
    out.text[out.size++] = static_cast<char>(byte);
  }
  if (reader.failed()) return std::nullopt;
  return out;
}

// The data that belongs to a 'z' augmentation string. False: not understood, the CIE is unusable.
bool read_augmentation_data(ByteReader& reader, std::string_view letters, Cie& cie,
                            std::uint64_t section_vaddr) {
  const std::uint64_t size = reader.uleb();
  if (size > reader.left()) return false;
  const std::uint64_t end = reader.position() + size;
  for (const char letter : letters.substr(1)) {
    if (letter == 'R') {
      cie.pointer_encoding = reader.u8();
    } else if (letter == 'L') {
      reader.u8();
    } else if (letter == 'P') {
      const std::uint8_t encoding = reader.u8();
      // Only its size matters here: an unknown form ends the list, the length still holds.
      if (!read_encoded(reader, encoding & kFormatMask, section_vaddr)) break;
    } else if (letter == 'S') {
      cie.signal_frame = true;
    } else if (letter != 'B') {
      break;  // unknown letters may come last: 'z' tells how much to skip
    }
  }
  if (reader.failed()) return false;
  reader.seek(end);
  return true;
}

}  // namespace

std::optional<std::uint64_t> read_encoded(ByteReader& reader, std::uint8_t encoding,
                                          std::uint64_t section_vaddr) {
  if (encoding == DW_EH_PE_omit || (encoding & DW_EH_PE_indirect) != 0) return std::nullopt;
  const std::uint64_t place = section_vaddr + reader.position();
  const auto value = read_format(reader, encoding & kFormatMask);
  if (!value || reader.failed()) return std::nullopt;
  switch (encoding & kRelativeMask) {
    case DW_EH_PE_absptr:
      return value;
    case DW_EH_PE_pcrel:
      return *value + place;
    default:
      return std::nullopt;
  }
}

std::optional<FrameSection::Entry> FrameSection::next_entry(ByteReader& reader) {
  Entry entry;
  std::uint64_t length = reader.fixed<std::uint32_t>();
  if (length == 0) return std::nullopt;  // terminator, or the end of the section
  if (length == kWideLength) {
    entry.wide = true;
    length = reader.fixed<std::uint64_t>();
  }
  entry.id_position = reader.position();
  if (length > reader.left() || length < 4) {
    ++counts_.truncated;
    return std::nullopt;
  }
  entry.end = entry.id_position + length;
  // In .eh_frame the id stays 4 bytes wide, whatever the length field is.
  const bool wide_id = entry.wide && bytes_.debug;
  entry.id = wide_id ? reader.fixed<std::uint64_t>() : reader.fixed<std::uint32_t>();
  return entry;
}

bool FrameSection::is_cie(const Entry& entry) const {
  if (!bytes_.debug) return entry.id == 0;
  return entry.wide ? entry.id == std::numeric_limits<std::uint64_t>::max()
                    : entry.id == std::numeric_limits<std::uint32_t>::max();
}

template <typename Sink>
void FrameSection::walk(const ElfFile& file, const Sink& sink) {
  ByteReader reader(bytes_.bytes);
  Fde common;
  common.section = this;
  while (!reader.at_end()) {
    if (read_common_fde(reader, common)) {
      sink(common);
      continue;
    }
    const auto entry = next_entry(reader);
    if (!entry) {
      // The linker may leave terminators in the middle of .eh_frame when it joins inputs
      // (crtend.o not last); zeros after the last entry are padding. Go on behind them.
      if (reader.failed() || counts_.truncated > 0 || bytes_.ends_at_zero) return;
      continue;
    }
    if (!is_cie(*entry)) {
      if (const auto fde = read_fde(reader, *entry, file)) sink(*fde);
    }
    reader.seek(entry->end);
  }
}

void FrameSection::collect(const ElfFile& file, LargeVector<Fde>& out) {
  walk(file, [&](const Fde& fde) { out.push_back(fde); });
}

void FrameSection::collect_extents(const ElfFile& file, std::vector<PackedExtent>& out) {
  walk(file, [&](const Fde& fde) {
    if (fde.begin >> 32U == 0) out.emplace_back(fde.begin, fde.length);
  });
}

std::uint32_t FrameSection::cie_of(const Entry& entry) {
  const std::uint64_t position = bytes_.debug ? entry.id : entry.id_position - entry.id;
  if (!cies_.empty() && position == last_position_) return last_index_;
  auto [found, is_new] = cie_at_.try_emplace(position, static_cast<std::uint32_t>(cies_.size()));
  if (is_new) cies_.push_back(read_cie(position));
  last_position_ = position;
  last_index_ = found->second;
  const Cie& cie = cies_[last_index_];
  last_is_common_ = cie.usable && cie.sized_augmentation && !bytes_.debug &&
                    cie.pointer_encoding == kCommonEncoding;
  return last_index_;
}

Cie FrameSection::read_cie(std::uint64_t position) {
  Cie cie;
  if (position >= bytes_.bytes.size()) return cie;
  ByteReader whole(bytes_.bytes);
  whole.seek(position);
  const std::uint64_t truncated_before = counts_.truncated;
  const auto entry = next_entry(whole);
  counts_.truncated = truncated_before;  // counted by the walk, if at all
  if (!entry || !is_cie(*entry)) return cie;
  ByteReader reader(bytes_.bytes.first(static_cast<std::size_t>(entry->end)));
  reader.seek(whole.position());

  const std::uint8_t version = reader.u8();
  const auto letters = read_augmentation(reader);
  if (!letters || (version != 1 && version != 3 && version != 4)) return cie;
  if (letters->view() == "eh") reader.fixed<std::uint64_t>();  // GCC 2: exception table pointer
  if (version == 4) {
    const std::uint8_t address_bytes = reader.u8();
    const std::uint8_t segment_bytes = reader.u8();
    if (address_bytes != 8 || segment_bytes != 0) return cie;
  }
  cie.program.code_align = reader.uleb();
  cie.program.data_align = reader.sleb();
  cie.program.return_register = version == 1 ? reader.u8() : reader.uleb();
  if (letters->view().starts_with('z')) {
    cie.sized_augmentation = true;
    if (!read_augmentation_data(reader, letters->view(), cie, bytes_.vaddr)) return cie;
  } else if (!letters->view().empty() && letters->view() != "eh") {
    return cie;  // the data of unknown letters cannot be skipped
  }
  if (reader.failed()) return cie;
  cie.program.pointer_encoding = cie.pointer_encoding;
  cie.program.section_vaddr = bytes_.vaddr;
  cie.program.section_begin = bytes_.bytes.data();
  cie.usable = run_initial_instructions(cie.program, reader.rest(), cie.initial);
  return cie;
}

// The form that nearly all have: of the same CIE and segment as the one before, with the pointers
// that compilers write. Moves on and fills `fde` if it is of that form; whatever is odd about it is
// left to read_fde().
bool FrameSection::read_common_fde(ByteReader& reader, Fde& fde) const {
  struct Head {
    std::uint32_t length;
    std::uint32_t id;
    std::int32_t begin;
    std::uint32_t code_bytes;
  };
  const ByteSpan rest = reader.rest();
  if (!last_is_common_ || last_segment_ == nullptr || rest.size() <= sizeof(Head)) return false;
  Head head;
  std::memcpy(&head, rest.data(), sizeof(head));
  const std::uint64_t end = std::uint64_t{head.length} + sizeof(head.length);
  const std::uint64_t position = reader.position();
  const std::uint64_t augmentation = rest[sizeof(head)];
  const std::uint64_t instructions = sizeof(head) + 1 + augmentation;
  if (head.length == kWideLength || end > rest.size() || instructions > end ||
      augmentation >= 0x80 || head.id == 0 || head.code_bytes == 0 ||
      position + sizeof(head.length) - head.id != last_position_) {
    return false;
  }
  const std::uint64_t vaddr = bytes_.vaddr + position + offsetof(Head, begin) +
                              static_cast<std::uint64_t>(std::int64_t{head.begin});
  const std::uint64_t in_segment = vaddr - last_segment_->vaddr;
  if (in_segment >= last_segment_->file_bytes) return false;
  const std::uint64_t room = last_segment_->file_bytes - in_segment;
  fde.begin = last_segment_->offset + in_segment;
  fde.vaddr = vaddr;
  fde.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(head.code_bytes, room));
  fde.cie = last_index_;
  fde.instructions = rest.subspan(static_cast<std::size_t>(instructions),
                                  static_cast<std::size_t>(end - instructions));
  reader.skip(end);
  return true;
}

std::optional<Fde> FrameSection::read_fde(ByteReader& reader, const Entry& entry,
                                          const ElfFile& file) {
  const std::uint32_t index = cie_of(entry);
  const Cie& cie = cies_[index];
  if (!cie.usable) {
    ++counts_.bad_cie;
    return std::nullopt;
  }
  const auto begin = read_encoded(reader, cie.pointer_encoding, bytes_.vaddr);
  const auto length = read_length(reader, cie.pointer_encoding);
  if (!begin || !length || reader.failed()) {
    ++counts_.bad_cie;
    return std::nullopt;
  }
  if (*length == 0) return std::nullopt;  // nothing described
  const ElfSegment* segment = last_segment_;
  if (segment == nullptr || *begin < segment->vaddr ||
      *begin - segment->vaddr >= segment->file_bytes) {
    segment = file.code_segment(*begin);
  }
  if (segment == nullptr) {
    ++counts_.outside_code;
    return std::nullopt;
  }
  last_segment_ = segment;
  const std::uint64_t in_segment = *begin - segment->vaddr;
  const std::uint64_t room = std::min<std::uint64_t>(segment->file_bytes - in_segment, 0xffffffffU);
  if (cie.sized_augmentation) reader.skip(reader.uleb());
  if (reader.failed() || reader.position() > entry.end) {
    ++counts_.truncated;
    return std::nullopt;
  }
  return Fde{.begin = segment->offset + in_segment,
             .vaddr = *begin,
             .length = static_cast<std::uint32_t>(std::min(*length, room)),
             .cie = index,
             .instructions = reader.rest().first(entry.end - reader.position()),
             .section = this};
}

}  // namespace sonde
