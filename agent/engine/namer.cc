// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/namer.h"

#include <fmt/format.h>

#include <algorithm>

#include "bpf/abi/frame.h"
#include "core/base/clock.h"

namespace sonde {
namespace {

// A stack of which nothing is certain: code at an unknown address.
constexpr FrameWord kNoFrame = SONDE_TAG_USER_PC << SONDE_TAG_SHIFT;
constexpr const char* kKernelImage = "[kernel.kallsyms]";

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 = 0: no slash, the whole
}

// At the same address in every process (arch/x86/include/uapi/asm/vsyscall.h).
bool is_vsyscall(std::uint64_t address) {
  constexpr std::uint64_t kPage = 0xffffffffff600000;
  return address >> 12U == (kPage & SONDE_USER_PC_MASK) >> 12U;
}

std::string with_offset(const std::string& what, std::uint64_t offset) {
  return fmt::format("{}+{:#x}", what, offset);
}

}  // namespace

SymbolizedProfile Namer::name(const ProfileWindow& window) {
  collect_offsets(window);
  for (auto& [id, offsets] : offsets_) name_image(id, offsets);
  for (auto& [process, addresses] : made_) name_made_code(window, process, addresses);
  for (const WindowProcess& process : window.processes) {
    profile_.processes.push_back({.pid = process.tgid, .name = process.name});
  }
  for (const WindowStack& stack : window.stacks) {
    ProfileStack named{.process = stack.process,
                       .stop = stack.stop,
                       .samples = stack.samples,
                       .cpu_ns = stack.cpu_ns,
                       .frames = {}};
    if (!is_whole(stack.stop) && stack.stop_image != ImageId::kNone) {
      named.stop_image = profile_image_of(stack.stop_image);
    }
    const ImageId executable = window.processes[stack.process].executable;
    named.frames.reserve(stack.frames.size());
    for (const FrameWord word : stack.frames) {
      if (SONDE_FRAME_TAG(word) == SONDE_TAG_SPECIAL) continue;
      named.frames.push_back(frame_of(word, stack.process, executable));
    }
    // Readers of profiles (go tool pprof among them) drop samples without any frame.
    if (named.frames.empty()) {
      named.frames.push_back(frame_of(kNoFrame, stack.process, executable));
    }
    profile_.stacks.push_back(std::move(named));
  }
  return std::move(profile_);
}

void Namer::collect_offsets(const ProfileWindow& window) {
  for (const WindowStack& stack : window.stacks) {
    for (const FrameWord word : stack.frames) {
      if (is_made_code(word)) made_[stack.process].push_back(word & SONDE_USER_PC_MASK);
      if (SONDE_FRAME_TAG(word) != SONDE_TAG_IMAGE) continue;
      offsets_[image_of_frame(word)].push_back(word & SONDE_IMAGE_OFFSET_MASK);
    }
  }
}

// Asks each file that the process has for what is still without a name.
void Namer::name_made_code(const ProfileWindow& window, std::uint32_t process,
                           std::vector<std::uint64_t>& addresses) {
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  const WindowProcess& known = window.processes[process];
  const std::uint64_t begin = monotonic_ns();
  const auto files = code_maps_.open(known.tgid, known.start_ticks, known.executable);
  std::string_view why = to_string(files.problem);
  for (const ForeignFile& file : files.fds) {
    const std::uint64_t spent = monotonic_ns() - begin;
    if (spent > budget_.of_one || made_ns_ + spent > budget_.of_all) {
      ++code_maps_over_budget_;
      why = to_string(CodeReason::kCodeMapsOverBudget);
      break;
    }
    const auto table = client_.code_names(file->get(), addresses);
    if (!table) continue;
    std::vector<std::uint64_t> unnamed;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const NameTable::Entry& entry = table->entries[i];
      if (entry.function >= table->functions.size()) {
        unnamed.push_back(addresses[i]);
        why = to_string(entry.reason);
        continue;
      }
      made_named_.emplace(std::pair{process, addresses[i]},
                          function_of(table->functions[entry.function].name, ""));
    }
    addresses = std::move(unnamed);
  }
  made_unnamed_.emplace(process, why);
  made_ns_ += monotonic_ns() - begin;
}

void Namer::name_image(ImageId id, std::vector<std::uint64_t>& offsets) {
  std::ranges::sort(offsets);
  offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
  const Image& image = images_.at(id);
  NameTable table;
  if (image.fd) {
    auto answer = client_.names({.fd = image.fd->get(),
                                 .offsets = offsets,
                                 .root = image.pid == 0 ? "" : proc_.root_of(image.pid),
                                 .path = image.path,
                                 .user = proc_.owner(image.pid)});
    if (answer) table = std::move(*answer);
  }
  table.entries.reserve(offsets.size());
  for (std::size_t i = table.entries.size(); i < offsets.size(); ++i) {
    table.entries.push_back(
        {.function = NameTable::kNoFunction, .reason = Reason::kUnreadable, .begin = offsets[i]});
  }
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    NamedOffset named;
    const NameTable::Entry& entry = table.entries[i];
    if (entry.function < table.functions.size()) {
      const NamedFunction& function = table.functions[entry.function];
      named.function = function_of(function.name, function.system_name);
    } else {
      named.function = function_of(with_offset(base_name(image.path), entry.begin), "");
      named.reason = to_string(entry.reason);
    }
    named_.emplace(std::pair{id, offsets[i]}, std::move(named));
  }
}

std::uint32_t Namer::function_of(const std::string& name, const std::string& system_name) {
  const std::string stored = system_name == name ? std::string() : system_name;
  const auto [entry, fresh] =
      functions_.try_emplace({name, stored}, static_cast<std::uint32_t>(profile_.functions.size()));
  if (fresh) profile_.functions.push_back({.name = name, .system_name = stored});
  return entry->second;
}

std::uint32_t Namer::image_of(const std::string& path, const std::string& build_id) {
  const auto [entry, fresh] = images_by_name_.try_emplace(
      {path, build_id}, static_cast<std::uint32_t>(profile_.images.size()));
  if (fresh) profile_.images.push_back({.path = path, .build_id = build_id});
  return entry->second;
}

std::uint32_t Namer::profile_image_of(ImageId id) {
  const auto [entry, fresh] = image_index_.try_emplace(static_cast<std::uint32_t>(id), 0);
  if (fresh) {
    const Image& image = images_.at(id);
    std::string build_id;
    if (image.fd) {
      if (const auto info = client_.describe(image.fd->get())) build_id = info->build_id;
    }
    entry->second = image_of(image.path, build_id);
  }
  return entry->second;
}

std::uint32_t Namer::frame_of(FrameWord word, std::uint32_t process, ImageId executable) {
  const bool own = SONDE_FRAME_TAG(word) == SONDE_TAG_IMAGE && executable != ImageId::kNone &&
                   image_of_frame(word) == executable;
  const std::uint32_t whose = is_made_code(word) ? process + 2 : own ? 1 : 0;
  const auto [entry, fresh] =
      frames_.try_emplace({word, whose}, static_cast<std::uint32_t>(profile_.frames.size()));
  if (fresh) profile_.frames.push_back(make_frame(word, process, own));
  return entry->second;
}

ProfileFrame Namer::make_frame(FrameWord word, std::uint32_t process, bool own) {
  switch (SONDE_FRAME_TAG(word)) {
    case SONDE_TAG_KERNEL:
      return make_kernel_frame(word);
    case SONDE_TAG_IMAGE:
      return make_image_frame(word, own);
    default:
      return is_made_code(word) ? make_made_frame(word, process) : make_raw_frame(word);
  }
}

ProfileFrame Namer::make_kernel_frame(FrameWord word) {
  const std::uint64_t pc = SONDE_KERNEL_PC(word);
  ProfileFrame frame{.origin = Origin::kKernel, .address = pc, .reason = {}};
  const auto symbol = kernel_ == nullptr ? std::nullopt : kernel_->find(pc);
  if (!symbol) {
    frame.function = function_of(with_offset("[kernel]", pc), "");
    frame.image = image_of(kKernelImage, "");
    frame.origin = Origin::kUnresolved;
    frame.reason = kernel_ == nullptr ? to_string(CodeReason::kKallsymsRestricted)
                                      : to_string(Reason::kNoSymbol);
    return frame;
  }
  const bool core = symbol->module == "[kernel]";
  frame.function = function_of(std::string(symbol->name), "");
  frame.image = image_of(core ? kKernelImage : "[" + std::string(symbol->module) + "]", "");
  return frame;
}

ProfileFrame Namer::make_image_frame(FrameWord word, bool own) {
  const ImageId id = image_of_frame(word);
  const std::uint64_t offset = word & SONDE_IMAGE_OFFSET_MASK;
  const NamedOffset& named = named_.at({id, offset});
  return ProfileFrame{.function = named.function,
                      .image = profile_image_of(id),
                      .origin = !named.reason.empty() ? Origin::kUnresolved
                                : own                 ? Origin::kOwn
                                                      : Origin::kLibrary,
                      .fp_step = (word & SONDE_IMAGE_FP) != 0,
                      .address = offset,
                      .reason = named.reason};
}

ProfileFrame Namer::make_made_frame(FrameWord word, std::uint32_t process) {
  const std::uint64_t address = word & SONDE_USER_PC_MASK;
  ProfileFrame frame{.origin = Origin::kOwn,
                     .fp_step = (word & SONDE_USER_FP) != 0,
                     .address = address,
                     .reason = {}};
  if (const auto named = made_named_.find({process, address}); named != made_named_.end()) {
    frame.function = named->second;
    frame.image = image_of("[jit]", "");
    return frame;
  }
  if (is_vsyscall(address)) {
    frame.function = function_of("[vsyscall]", "");
    frame.image = image_of("[vsyscall]", "");
    frame.origin = Origin::kLibrary;
    return frame;
  }
  // One name for all of them: an address of generated code tells a reader nothing.
  frame.function = function_of("[anonymous code]", "");
  frame.image = image_of("[anonymous]", "");
  frame.origin = Origin::kUnresolved;
  frame.reason = made_unnamed_.at(process);
  return frame;
}

ProfileFrame Namer::make_raw_frame(FrameWord word) {
  return ProfileFrame{.function = function_of("[unknown code]", ""),
                      .image = image_of("[unknown]", ""),
                      .origin = Origin::kUnresolved,
                      .fp_step = (word & SONDE_USER_FP) != 0,
                      .address = word & SONDE_USER_PC_MASK,
                      .reason = std::string(to_string(CodeReason::kNoRange))};
}

}  // namespace sonde
