// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/namer.h"

#include <algorithm>

#include "agent/engine/named_stacks.h"
#include "bpf/abi/frame.h"
#include "core/base/clock.h"

namespace sonde {

SymbolizedProfile Namer::name(const ProfileWindow& window) {
  collect_offsets(window);
  for (auto& [id, code] : code_) name_image(id, code);
  for (auto& [process, addresses] : made_) name_made_code(window, process, addresses);
  add_named_stacks(
      window, profile_,
      [this](ImageId image) { return maker_.image(images_.at(image).path, build_id_of(image)); },
      [this](FrameWord word, std::uint32_t process, bool own) {
        return make_frame(word, process, own);
      });
  return std::move(profile_);
}

void Namer::collect_offsets(const ProfileWindow& window) {
  for (const WindowStack& stack : window.stacks) {
    for (const FrameWord word : stack.frames) {
      if (is_made_code(word)) made_[stack.process].push_back(word & SONDE_USER_PC_MASK);
      if (SONDE_FRAME_TAG(word) != SONDE_TAG_IMAGE) continue;
      code_[image_of_frame(word)].offsets.push_back(word & SONDE_IMAGE_OFFSET_MASK);
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
      made_named_.emplace(std::pair{process, addresses[i]}, table->functions[entry.function].name);
    }
    addresses = std::move(unnamed);
  }
  made_unnamed_.emplace(process, why);
  made_ns_ += monotonic_ns() - begin;
}

void Namer::name_image(ImageId id, ImageCode& code) {
  std::ranges::sort(code.offsets);
  code.offsets.erase(std::unique(code.offsets.begin(), code.offsets.end()), code.offsets.end());
  const Image& image = images_.at(id);
  if (image.fd) {
    auto answer = client_.names({.fd = image.fd->get(),
                                 .offsets = code.offsets,
                                 .root = image.pid == 0 ? "" : proc_.root_of(image.pid),
                                 .path = image.path,
                                 .user = proc_.owner(image.pid)});
    if (answer) code.names = std::move(*answer);
  }
  std::vector<NameTable::Entry>& entries = code.names.entries;
  entries.reserve(code.offsets.size());
  for (std::size_t i = entries.size(); i < code.offsets.size(); ++i) {
    entries.push_back({.function = NameTable::kNoFunction,
                       .reason = Reason::kUnreadable,
                       .begin = code.offsets[i]});
  }
}

const std::string& Namer::build_id_of(ImageId id) {
  const auto [entry, fresh] = build_ids_.try_emplace(id);
  const Image& image = images_.at(id);
  if (fresh && image.fd) {
    if (const auto info = client_.describe(image.fd->get())) entry->second = info->build_id;
  }
  return entry->second;
}

ProfileFrame Namer::make_frame(FrameWord word, std::uint32_t process, bool own) {
  switch (SONDE_FRAME_TAG(word)) {
    case SONDE_TAG_KERNEL:
      return make_kernel_frame(word);
    case SONDE_TAG_IMAGE:
      return make_image_frame(word, own);
    default:
      return is_made_code(word) ? make_made_frame(word, process) : maker_.of_address(word);
  }
}

ProfileFrame Namer::make_kernel_frame(FrameWord word) {
  const auto symbol = kernel_ == nullptr ? std::nullopt : kernel_->find(SONDE_KERNEL_PC(word));
  if (!symbol) {
    const std::string_view why = kernel_ == nullptr ? to_string(CodeReason::kKallsymsRestricted)
                                                    : to_string(Reason::kNoSymbol);
    return maker_.of_kernel(word, {.reason = why}, kKernelImage);
  }
  const bool core = symbol->module == "[kernel]";
  return maker_.of_kernel(
      word, {.function = symbol->name},
      core ? std::string(kKernelImage) : "[" + std::string(symbol->module) + "]");
}

ProfileFrame Namer::make_image_frame(FrameWord word, bool own) {
  const ImageId id = image_of_frame(word);
  const ImageCode& code = code_.at(id);
  const auto at = std::ranges::lower_bound(code.offsets, word & SONDE_IMAGE_OFFSET_MASK);
  const NameTable::Entry& entry =
      code.names.entries[static_cast<std::size_t>(at - code.offsets.begin())];
  CodeName name;
  if (entry.function < code.names.functions.size()) {
    const NamedFunction& function = code.names.functions[entry.function];
    name = {.function = function.name, .system_name = function.system_name};
  } else {
    name.reason = to_string(entry.reason);
  }
  const CodeFile file{
      .path = images_.at(id).path, .build_id = build_id_of(id), .begin = entry.begin, .own = own};
  return maker_.of_file(word, file, name);
}

ProfileFrame Namer::make_made_frame(FrameWord word, std::uint32_t process) {
  const auto named = made_named_.find({process, word & SONDE_USER_PC_MASK});
  if (named != made_named_.end()) return maker_.of_made_code(word, {.function = named->second});
  return maker_.of_made_code(word, {.reason = made_unnamed_.at(process)});
}

}  // namespace sonde
