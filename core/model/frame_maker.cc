// SPDX-License-Identifier: Apache-2.0
#include "core/model/frame_maker.h"

#include <fmt/format.h>

#include "bpf/abi/frame.h"
#include "core/model/reason.h"

namespace sonde {
namespace {

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 = 0: no slash, the whole
}

// At the same address in every process (arch/x86/include/uapi/asm/vsyscall.h).
bool is_vsyscall(std::uint64_t address) {
  constexpr std::uint64_t kPage = 0xffffffffff600000;
  return address >> 12U == (kPage & SONDE_USER_PC_MASK) >> 12U;
}

std::string with_offset(std::string_view what, std::uint64_t offset) {
  return fmt::format("{}+{:#x}", what, offset);
}

// The number of a pair of texts; a new one is put at the end of `list` by append().
template <typename Map, typename Append>
std::uint32_t number_of(Map& map, std::string_view first, std::string_view second, std::size_t next,
                        const Append& append) {
  const auto [entry, fresh] =
      map.try_emplace({std::string(first), std::string(second)}, static_cast<std::uint32_t>(next));
  if (fresh) append(entry->first);
  return entry->second;
}

}  // namespace

std::uint32_t FrameMaker::function(std::string_view name, std::string_view system_name) {
  const std::string_view stored = system_name == name ? std::string_view() : system_name;
  return number_of(functions_, name, stored, profile_.functions.size(), [&](const auto& key) {
    profile_.functions.push_back({.name = key.first, .system_name = key.second});
  });
}

std::uint32_t FrameMaker::image(std::string_view path, std::string_view build_id) {
  return number_of(images_, path, build_id, profile_.images.size(), [&](const auto& key) {
    profile_.images.push_back({.path = key.first, .build_id = key.second});
  });
}

ProfileFrame FrameMaker::of_file(FrameWord word, const CodeFile& file, const CodeName& name) {
  ProfileFrame frame{.image = image(file.path, file.build_id),
                     .origin = file.own ? Origin::kOwn : Origin::kLibrary,
                     .fp_step = (word & SONDE_IMAGE_FP) != 0,
                     .address = word & SONDE_IMAGE_OFFSET_MASK,
                     .reason = {}};
  if (name.function.empty()) {
    frame.function = function(with_offset(base_name(file.path), file.begin));
    frame.origin = Origin::kUnresolved;
    frame.reason = name.reason;
  } else {
    frame.function = function(name.function, name.system_name);
  }
  return frame;
}

ProfileFrame FrameMaker::of_kernel(FrameWord word, const CodeName& name, std::string_view image) {
  const std::uint64_t pc = SONDE_KERNEL_PC(word);
  ProfileFrame frame{.origin = Origin::kKernel, .address = pc, .reason = {}};
  if (name.function.empty()) {
    frame.function = function(with_offset("[kernel]", pc));
    frame.image = this->image(kKernelImage);
    frame.origin = Origin::kUnresolved;
    frame.reason = name.reason;
  } else {
    frame.function = function(name.function);
    frame.image = this->image(image);
  }
  return frame;
}

ProfileFrame FrameMaker::of_made_code(FrameWord word, const CodeName& name) {
  const std::uint64_t address = word & SONDE_USER_PC_MASK;
  ProfileFrame frame{.origin = Origin::kOwn,
                     .fp_step = (word & SONDE_USER_FP) != 0,
                     .address = address,
                     .reason = {}};
  if (!name.function.empty()) {
    frame.function = function(name.function);
    frame.image = image("[jit]");
  } else if (is_vsyscall(address)) {
    frame.function = function("[vsyscall]");
    frame.image = image("[vsyscall]");
    frame.origin = Origin::kLibrary;
  } else {
    // One name for all of them: an address of generated code tells a reader nothing.
    frame.function = function("[anonymous code]");
    frame.image = image("[anonymous]");
    frame.origin = Origin::kUnresolved;
    frame.reason = name.reason;
  }
  return frame;
}

ProfileFrame FrameMaker::of_address(FrameWord word) {
  return ProfileFrame{.function = function("[unknown code]"),
                      .image = image("[unknown]"),
                      .origin = Origin::kUnresolved,
                      .fp_step = (word & SONDE_USER_FP) != 0,
                      .address = word & SONDE_USER_PC_MASK,
                      .reason = std::string(to_string(CodeReason::kNoRange))};
}

}  // namespace sonde
