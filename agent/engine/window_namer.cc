// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/window_namer.h"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>

#include "agent/engine/named_stacks.h"
#include "bpf/abi/frame.h"
#include "core/base/clock.h"
#include "core/model/frame_maker.h"
#include "core/model/reason.h"

namespace sonde {
namespace {

std::int64_t ns_of(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

std::uint64_t bytes_of(const ForeignFile& file) {
  struct stat about {};
  return ::fstat(file->get(), &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

// What a window asks for, each address once.
struct Wanted {
  explicit Wanted(const ClosedWindow& closed)
      : offsets(closed.images.size()), is_used(closed.images.size()) {
    for (const WindowStack& stack : closed.window.stacks) {
      is_used.at(static_cast<std::size_t>(stack.stop_image)) = true;
      for_each_frame(stack.frames, [&](FrameWord word) {
        if (is_made_code(word)) made[stack.process].push_back(word & SONDE_USER_PC_MASK);
        if (SONDE_FRAME_TAG(word) != SONDE_TAG_IMAGE) return;
        const auto image = static_cast<std::size_t>(image_of_frame(word));
        is_used.at(image) = true;
        offsets.at(image).push_back(word & SONDE_IMAGE_OFFSET_MASK);
      });
    }
    for (auto& of_image : offsets) make_unique(of_image);
    for (auto& [process, addresses] : made) make_unique(addresses);
  }

  static void make_unique(std::vector<std::uint64_t>& addresses) {
    std::ranges::sort(addresses);
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  }

  std::vector<std::vector<std::uint64_t>> offsets;  // by image
  std::vector<bool> is_used;                        // by image: a frame's, or where a walk ended
  std::map<std::uint32_t, std::vector<std::uint64_t>> made;  // by process: addresses
};

// Puts the stacks of a window into a profile, with what is known of their code.
class StackWriter {
 public:
  StackWriter(const EndedWindow& window, const std::vector<const KnownFile*>& files,
              const std::map<std::uint32_t, const KnownMaker*>& makers, SymbolizedProfile& profile)
      : window_(window), files_(files), makers_(makers), profile_(profile), maker_(profile) {}

  void write() {
    add_named_stacks(
        window_.closed.window, profile_,
        [this](ImageId id) {
          const auto image = static_cast<std::size_t>(id);
          return maker_.image(window_.closed.images[image].path, build_id_of(image));
        },
        [this](FrameWord word, std::uint32_t process, bool own) {
          return make_frame(word, process, own);
        });
  }

 private:
  [[nodiscard]] std::string_view build_id_of(std::size_t image) const {
    return files_[image] == nullptr ? std::string_view() : files_[image]->build_id;
  }

  ProfileFrame make_frame(FrameWord word, std::uint32_t process, bool own) {
    switch (SONDE_FRAME_TAG(word)) {
      case SONDE_TAG_KERNEL:
        return make_kernel_frame(word);
      case SONDE_TAG_IMAGE:
        return make_image_frame(word, own);
      default:
        return is_made_code(word) ? make_made_frame(word, process) : maker_.of_address(word);
    }
  }

  ProfileFrame make_kernel_frame(FrameWord word) {
    const KernelFrameName& named = *std::ranges::lower_bound(window_.kernel, SONDE_KERNEL_PC(word),
                                                             {}, &KernelFrameName::address);
    if (named.name.empty()) return maker_.of_kernel(word, {.reason = named.module}, kKernelImage);
    return maker_.of_kernel(word, {.function = named.name},
                            named.module.empty() ? kKernelImage : named.module);
  }

  ProfileFrame make_image_frame(FrameWord word, bool own) {
    const auto image = static_cast<std::size_t>(image_of_frame(word));
    const KnownFile& file = *files_[image];
    const auto found = file.code.find(word & SONDE_IMAGE_OFFSET_MASK);
    const NameTable::Entry code = found == file.code.end()
                                      ? NameTable::Entry{.begin = word & SONDE_IMAGE_OFFSET_MASK}
                                      : found->second;
    CodeName name{.reason = found == file.code.end() ? to_string(CodeReason::kNameLate)
                                                     : to_string(code.reason)};
    if (code.function < file.functions.size()) {
      const NamedFunction& function = file.functions[code.function];
      name = {.function = function.name, .system_name = function.system_name, .reason = {}};
    }
    return maker_.of_file(word,
                          {.path = window_.closed.images[image].path,
                           .build_id = file.build_id,
                           .begin = code.begin,
                           .own = own},
                          name);
  }

  ProfileFrame make_made_frame(FrameWord word, std::uint32_t process) {
    const KnownMaker& maker = *makers_.at(process);
    const auto found = maker.names.find(word & SONDE_USER_PC_MASK);
    const bool has_name = found != maker.names.end() && !found->second.empty();
    return maker_.of_made_code(
        word, has_name ? CodeName{.function = found->second} : CodeName{.reason = maker.why});
  }

  const EndedWindow& window_;
  const std::vector<const KnownFile*>& files_;
  const std::map<std::uint32_t, const KnownMaker*>& makers_;
  SymbolizedProfile& profile_;
  FrameMaker maker_;
};

}  // namespace

SymbolizedProfile WindowNamer::name(const EndedWindow& window) {
  ++window_;
  begin_ns_ = monotonic_ns();
  made_ns_ = 0;
  const ClosedWindow& closed = window.closed;
  const Wanted wanted(closed);
  std::vector<const KnownFile*> files(closed.images.size());
  for (std::size_t i = 1; i < files.size(); ++i) {
    if (wanted.is_used[i]) {
      files[i] = &look_up(window.files[i], closed.images[i].path, wanted.offsets[i]);
    }
  }
  std::map<std::uint32_t, const KnownMaker*> makers;
  std::uint64_t over_budget = 0;
  for (const MadeCodeMaps& maps : window.made_code) {
    makers[maps.process] = &look_up(maps, closed.window.processes[maps.process],
                                    wanted.made.at(maps.process), over_budget);
  }
  SymbolizedProfile profile;
  profile.meta = closed.meta;
  if (over_budget > 0) profile.meta.notes["code_maps_over_budget"] += over_budget;
  StackWriter(window, files, makers, profile).write();
  forget();
  return profile;
}

WindowNamer::FileKey WindowNamer::key_of(const ImageFile& file) {
  struct stat about {};
  if (!file.fd || ::fstat(file.fd->get(), &about) != 0) return {};
  return {about.st_dev, about.st_ino, about.st_size, ns_of(about.st_mtim), ns_of(about.st_ctim)};
}

const KnownFile& WindowNamer::look_up(const ImageFile& file, const std::string& path,
                                      const Addresses& offsets) {
  const auto [entry, fresh] = files_.try_emplace(key_of(file));
  KnownFile& known = entry->second;
  known.window = window_;
  if (fresh && file.fd) {
    if (const auto info = client_.describe(file.fd->get())) known.build_id = info->build_id;
  }
  Addresses open;
  std::ranges::copy_if(offsets, std::back_inserter(open), [&](std::uint64_t offset) {
    const auto code = known.code.find(offset);
    return code == known.code.end() || is_transient(code->second.reason);
  });
  if (open.empty() || monotonic_ns() - begin_ns_ > budget_.files) return known;
  NameTable table;
  if (file.fd) {
    auto answer = client_.names({.fd = file.fd->get(),
                                 .offsets = open,
                                 .root = file.root,
                                 .path = path,
                                 .user = file.user});
    if (answer) table = std::move(*answer);
  }
  const auto first = static_cast<std::uint32_t>(known.functions.size());
  for (std::size_t i = 0; i < open.size(); ++i) {
    NameTable::Entry code{.reason = Reason::kUnreadable, .begin = open[i]};
    if (i < table.entries.size()) code = table.entries[i];
    if (code.function < table.functions.size()) code.function += first;
    known.code[open[i]] = code;
  }
  std::ranges::move(table.functions, std::back_inserter(known.functions));
  return known;
}

// All addresses are asked for again when a map has grown: code that was there may be other code
// now.
const KnownMaker& WindowNamer::look_up(const MadeCodeMaps& maps, const WindowProcess& process,
                                       const Addresses& addresses, std::uint64_t& over_budget) {
  KnownMaker& maker = makers_[{process.tgid, process.start_ticks}];
  maker.window = window_;
  std::vector<std::uint64_t> bytes;
  for (const ForeignFile& file : maps.files) bytes.push_back(bytes_of(file));
  const bool has_grown = bytes != maker.map_bytes;
  const bool is_new = std::ranges::any_of(
      addresses, [&](std::uint64_t address) { return !maker.names.contains(address); });
  if (maps.files.empty()) maker.why = maps.problem;
  if (maps.files.empty() || !(has_grown || is_new)) return maker;
  if (monotonic_ns() < maker.rests_until_ns) {
    if (!is_new) return maker;
    ++over_budget;
    maker.why = to_string(CodeReason::kCodeMapsOverBudget);
    return maker;
  }
  if (has_grown) maker.names.clear();
  maker.why = maps.problem;
  if (read_maps(maps, addresses, maker)) {
    maker.map_bytes = std::move(bytes);
  } else {
    ++over_budget;
    maker.why = to_string(CodeReason::kCodeMapsOverBudget);
  }
  return maker;
}

// Asks each file that the process has for what is still without a name. False: not all was asked,
// for lack of time.
bool WindowNamer::read_maps(const MadeCodeMaps& maps, Addresses addresses, KnownMaker& maker) {
  const std::uint64_t begin = monotonic_ns();
  std::uint64_t spent = 0;
  bool in_time = true;
  for (const ForeignFile& file : maps.files) {
    spent = monotonic_ns() - begin;
    in_time = spent <= budget_.of_one && made_ns_ + spent <= budget_.of_all;
    if (!in_time || addresses.empty()) break;
    const auto table = client_.code_names(file->get(), addresses);
    if (!table) continue;
    Addresses unnamed;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const NameTable::Entry& entry = table->entries[i];
      if (entry.function < table->functions.size()) {
        maker.names[addresses[i]] = table->functions[entry.function].name;
      } else {
        unnamed.push_back(addresses[i]);
        maker.why = to_string(entry.reason);
      }
    }
    addresses = std::move(unnamed);
  }
  if (in_time) {
    for (const std::uint64_t address : addresses) maker.names.try_emplace(address);
  }
  spent = monotonic_ns() - begin;
  made_ns_ += spent;
  maker.rests_until_ns = begin + spent + budget_.rest * spent;
  return in_time;
}

std::size_t WindowNamer::known() const {
  std::size_t count = 0;
  for (const auto& [key, file] : files_) count += file.code.size();
  for (const auto& [key, maker] : makers_) count += maker.names.size();
  return count;
}

void WindowNamer::forget() {
  if (known() <= kMaxKnown) return;
  const auto is_old = [this](const auto& entry) { return entry.second.window != window_; };
  std::erase_if(files_, is_old);
  std::erase_if(makers_, is_old);
  if (known() <= kMaxKnown) return;
  files_.clear();
  makers_.clear();
}

}  // namespace sonde
