// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/unwind/file_rows.h"

#include <dwarf.h>
#include <elf.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>

#include "symbolizer/wire/reason.h"
#include "symbolizer/worker/unwind/row_builder.h"

namespace sonde {
namespace {

constexpr std::uint64_t kMaxSectionBytes = 256U << 20;

}  // namespace

Result<FrameSource> FrameSource::load(ElfFile file) {
  FrameSource source(std::move(file));
  if (auto loaded = source.load_eh_frame(); !loaded) return loaded.error();
  source.go_ = GoStackRules::load(source.file_);
  if (source.go_.empty()) {
    if (auto loaded = source.load_debug_frame(); !loaded) return loaded.error();
  }
  source.find_covered();
  auto bare = BareCode::load(source.file_, source.covered_);
  if (!bare) return bare.error();
  source.bare_ = std::move(*bare);
  return source;
}

Result<void> FrameSource::load_eh_frame() {
  // Only the exact name: tools such as BOLT keep the old table, now wrong, under another one.
  const ElfSection* section = file_.find_section(".eh_frame");
  if (section == nullptr) {
    return file_.sections().empty() ? load_eh_frame_by_header() : Result<void>{};
  }
  auto bytes = file_.read(*section, kMaxSectionBytes);
  if (!bytes) return bytes.error();
  if (!bytes->empty()) sections_.push_back({std::move(*bytes), section->vaddr, false, false});
  return {};
}

Result<void> FrameSource::load_eh_frame_by_header() {
  const ElfSegment* segment = file_.find_segment(PT_GNU_EH_FRAME);
  if (segment == nullptr || segment->file_bytes < 8) return {};
  auto header = file_.read(segment->offset, 16, 16);
  if (!header) return header.error();
  ByteReader reader(header->span());
  const std::uint8_t version = reader.u8();
  const std::uint8_t encoding = reader.u8();
  reader.skip(2);  // encodings of the search table
  // The pointer is relative to its own place in the header.
  const auto vaddr = read_encoded(reader, encoding, segment->vaddr);
  if (version != 1 || !vaddr) return refuse(Reason::kCorrupt, "PT_GNU_EH_FRAME cannot be read");
  for (const ElfSegment& load : file_.segments()) {
    if (load.type != PT_LOAD || *vaddr < load.vaddr || *vaddr - load.vaddr >= load.file_bytes) {
      continue;
    }
    const std::uint64_t skipped = *vaddr - load.vaddr;
    const std::uint64_t size = std::min(load.file_bytes - skipped, kMaxSectionBytes);
    auto bytes = file_.read(load.offset + skipped, size, kMaxSectionBytes);
    if (!bytes) return bytes.error();
    sections_.push_back({std::move(*bytes), *vaddr, false, true});
    return {};
  }
  return refuse(Reason::kCorrupt, "PT_GNU_EH_FRAME points outside the file");
}

Result<void> FrameSource::load_debug_frame() {
  const ElfSection* section = file_.find_section(".debug_frame");
  if (section == nullptr || (section->flags & SHF_COMPRESSED) != 0) return {};
  auto bytes = file_.read(*section, kMaxSectionBytes);
  if (!bytes) return bytes.error();
  if (!bytes->empty()) sections_.push_back({std::move(*bytes), 0, true, false});
  return {};
}

Result<Sha256Digest> FrameSource::sha256() const {
  // Each list by its length first, so that no two files are the same bytes in a row.
  Sha256 hash;
  const auto is_code = [](const ElfSegment& segment) {
    return segment.type == PT_LOAD && (segment.flags & PF_X) != 0;
  };
  hash.update_value(std::ranges::count_if(file_.segments(), is_code));
  hash.update_value(std::uint64_t{sections_.size()});
  for (const ElfSegment& segment : file_.segments()) {
    if (!is_code(segment)) continue;
    hash.update_value(segment.offset);
    hash.update_value(segment.vaddr);
    hash.update_value(segment.file_bytes);
  }
  for (const Section& section : sections_) {
    const std::uint64_t kind = (section.debug ? 1U : 0U) | (section.ends_at_zero ? 2U : 0U);
    hash.update_value(kind);
    hash.update_value(section.vaddr);
    hash.update_value(std::uint64_t{section.bytes.span().size()});
    hash.update(std::as_bytes(section.bytes.span()));
  }
  go_.hash_into(hash);
  bare_.hash_into(hash);
  return hash.finish();
}

FrameBytes FrameSource::frame_bytes(const Section& source) {
  return {source.bytes.span(), source.vaddr, source.debug, source.ends_at_zero};
}

// Lighter than FDEs: a file whose rows are cached needs no more than this.
void FrameSource::find_covered() {
  for (const Section& source : sections_) {
    FrameSection section(frame_bytes(source));
    covered_.reserve(covered_.size() + source.bytes.span().size() / 48);
    section.collect_extents(file_, covered_);
  }
  covered_.insert(covered_.end(), go_.extents().begin(), go_.extents().end());
  // They come in a few ascending runs, which merging is fast on.
  if (!std::ranges::is_sorted(covered_)) std::ranges::stable_sort(covered_);
}

// Of Go's functions and of code without unwind tables: no code is of both.
std::vector<PlacedRule> FrameSource::rules_between(RowClassCounts& classes) const {
  std::vector<PlacedRule> bare = bare_.rows(classes);
  if (go_.empty()) return bare;
  std::vector<PlacedRule> both;
  both.reserve(bare.size() + go_.rules().size());
  std::ranges::merge(go_.rules(), bare, std::back_inserter(both), {}, &PlacedRule::file_offset,
                     &PlacedRule::file_offset);
  return both;
}

RowTable FrameSource::build(RowClassCounts& classes) const {
  RowTable table;
  std::vector<std::unique_ptr<FrameSection>> sections;
  LargeVector<Fde> fdes;
  fdes.reserve(covered_.size());
  for (const Section& source : sections_) {
    sections.push_back(std::make_unique<FrameSection>(frame_bytes(source)));
    sections.back()->collect(file_, fdes);
    const FrameSectionCounts& counts = sections.back()->counts();
    classes[static_cast<std::size_t>(RowClass::kFdeOutside)] += counts.outside_code;
    classes[static_cast<std::size_t>(RowClass::kFdeUnreadable)] += counts.bad_cie;
    classes[static_cast<std::size_t>(RowClass::kSectionCut)] += counts.truncated;
  }
  const std::vector<Fde*> prepared = prepare_fdes(fdes, classes);
  go_.count_into(classes);
  build_rows(prepared, rules_between(classes), table, classes);
  for (std::size_t i = 0; i < kRowClassFirstFde; ++i) table.unsupported_rows += classes[i];
  return table;
}

std::vector<CodeExtent> FrameSource::extents() const {
  std::vector<CodeExtent> result;
  result.reserve(covered_.size());
  for (const PackedExtent extent : covered_) result.push_back({extent.begin(), extent.length()});
  return result;
}

}  // namespace sonde
