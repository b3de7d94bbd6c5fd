// SPDX-License-Identifier: Apache-2.0
#include "agent/store/frame_namer.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>

#include "bpf/abi/frame.h"
#include "core/base/clock.h"
#include "core/model/frame_maker.h"
#include "core/model/reason.h"
#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

using Numbers = std::span<const std::uint32_t>;

// What a table of names knows the frame by.
std::uint64_t offset_of(const MergedFrame& frame, CodeSource::Kind kind) {
  if (kind == CodeSource::Kind::kKernel) return SONDE_KERNEL_PC(frame.word);
  return frame.word &
         (kind == CodeSource::Kind::kMade ? SONDE_USER_PC_MASK : SONDE_IMAGE_OFFSET_MASK);
}

// Why code has no name of which nothing was kept.
std::string_view reason_without_table(const CodeSource& source) {
  if (!source.image.content.empty()) return to_string(CodeReason::kNameNotKept);
  switch (source.kind) {
    case CodeSource::Kind::kKernel:
      return to_string(CodeReason::kKallsymsRestricted);
    case CodeSource::Kind::kMade:
      return to_string(CodeReason::kNoCodeMap);
    default:
      return to_string(Reason::kUnreadable);
  }
}

class CodeNamer {
 public:
  CodeNamer(const StackMerger& merger, NameKeeper& names, LateNames& late,
            std::chrono::nanoseconds late_for, SymbolizedProfile& profile)
      : merger_(merger), names_(names), late_(late), late_for_(late_for), profile_(profile) {}

  StopImages run() {
    const std::vector<MergedFrame>& frames = merger_.frames();
    std::vector<std::uint32_t> order(frames.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return frames[i].source; });
    profile_.frames.resize(frames.size());
    for (std::size_t at = 0; at < order.size();) {
      const std::uint32_t source = frames[order[at]].source;
      std::size_t end = at;
      while (end < order.size() && frames[order[end]].source == source) ++end;
      name(merger_.sources()[source], Numbers(order).subspan(at, end - at));
      at = end;
    }
    StopImages out;
    for (const std::uint32_t source : merger_.stop_sources()) {
      const ImageIdentity& image = merger_.sources()[source].image;
      out.emplace(source, maker_.image(image.path, image.build_id));
    }
    return out;
  }

 private:
  void name(const CodeSource& source, Numbers numbers) {
    const bool has_table = !source.image.content.empty();
    ImageNames table = has_table ? names_.names(source.image.content) : ImageNames{};
    if (has_table && source.kind == CodeSource::Kind::kFile && ask_again(source, numbers, table)) {
      table = names_.names(source.image.content);
    }
    for (const std::uint32_t i : numbers) {
      const MergedFrame& frame = merger_.frames()[i];
      profile_.frames[i] = make(source, frame, table.find(offset_of(frame, source.kind)));
    }
  }

  // True if names may have come for those that have none.
  bool ask_again(const CodeSource& source, Numbers numbers, const ImageNames& table) {
    std::vector<std::uint64_t> offsets;
    for (const std::uint32_t i : numbers) {
      const std::uint64_t offset = offset_of(merger_.frames()[i], source.kind);
      const StoredFunction* known = table.find(offset);
      if (known == nullptr || known->name.empty()) offsets.push_back(offset);
    }
    const std::uint64_t begin = monotonic_ns();
    if (offsets.empty() || spent_ns_ >= static_cast<std::uint64_t>(late_for_.count())) return false;
    std::ranges::sort(offsets);
    offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
    const std::uint32_t number = merger_.frames()[numbers.front()].source;
    const bool asked = late_.ask(source.image, merger_.pids_of(number), offsets, begin);
    spent_ns_ += monotonic_ns() - begin;
    return asked;
  }

  ProfileFrame make(const CodeSource& source, const MergedFrame& frame,
                    const StoredFunction* known) {
    CodeName name;
    if (known == nullptr) {
      name.reason = reason_without_table(source);
    } else if (known->name.empty()) {
      name.reason = known->system_name;
    } else {
      name = {.function = known->name, .system_name = known->system_name, .reason = {}};
    }
    switch (source.kind) {
      case CodeSource::Kind::kFile:
        break;
      case CodeSource::Kind::kKernel: {
        // Of the kernel's functions, `system_name` is the module.
        const bool in_module = name.system_name.starts_with('[') && name.system_name != "[kernel]";
        return maker_.of_kernel(frame.word, name, in_module ? name.system_name : kKernelImage);
      }
      case CodeSource::Kind::kMade:
        return maker_.of_made_code(frame.word, name);
      case CodeSource::Kind::kAddress:
        return maker_.of_address(frame.word);
    }
    const CodeFile file{
        .path = source.image.path,
        .build_id = source.image.build_id,
        .begin = known == nullptr ? frame.word & SONDE_IMAGE_OFFSET_MASK : known->file_offset,
        .own = frame.own};
    return maker_.of_file(frame.word, file, name);
  }

  const StackMerger& merger_;
  NameKeeper& names_;
  LateNames& late_;
  const std::chrono::nanoseconds late_for_;
  std::uint64_t spent_ns_ = 0;  // on late names
  SymbolizedProfile& profile_;
  FrameMaker maker_{profile_};
};

}  // namespace

StopImages name_code(const StackMerger& merger, NameKeeper& names, LateNames& late,
                     std::chrono::nanoseconds late_for, SymbolizedProfile& profile) {
  return CodeNamer(merger, names, late, late_for, profile).run();
}

}  // namespace sonde
