// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/window_completer.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "agent/daemon/loss.h"
#include "agent/store/image_content.h"
#include "bpf/abi/frame.h"
#include "core/base/clock.h"
#include "core/model/reason.h"
#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

using Offsets = std::vector<std::uint64_t>;

void make_unique(Offsets& offsets) {
  std::ranges::sort(offsets);
  offsets.erase(std::unique(offsets.begin(), offsets.end()), offsets.end());
}

// By image: every offset of a frame.
std::vector<Offsets> offsets_of(const ClosedWindow& window) {
  std::vector<Offsets> out(window.images.size());
  for (const WindowStack& stack : window.window.stacks) {
    for_each_frame(stack.frames, [&](FrameWord word) {
      if (SONDE_FRAME_TAG(word) != SONDE_TAG_IMAGE) return;
      out.at(static_cast<std::size_t>(image_of_frame(word)))
          .push_back(word & SONDE_IMAGE_OFFSET_MASK);
    });
  }
  for (Offsets& offsets : out) make_unique(offsets);
  return out;
}

Offsets made_addresses_of(const ClosedWindow& window, std::uint32_t process) {
  Offsets out;
  for (const WindowStack& stack : window.window.stacks) {
    if (stack.process != process) continue;
    for_each_frame(stack.frames, [&](FrameWord word) {
      if (is_made_code(word)) out.push_back(word & SONDE_USER_PC_MASK);
    });
  }
  make_unique(out);
  return out;
}

std::uint64_t size_of(const ForeignFile& file) {
  struct stat about {};
  return ::fstat(file->get(), &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

std::string maker_text(const std::string& boot_id, const std::string& process) {
  return boot_id + "\n" + process + "\n" + std::to_string(wall_ns());
}

}  // namespace

WindowCompleter::WindowCompleter(NameKeeper& names, SymbolizerClient& symbolizer)
    : names_(names), symbolizer_(symbolizer), started_ns_(wall_ns()) {}

ClosedWindow WindowCompleter::complete(EndedWindow&& ended) {
  const std::lock_guard lock(mutex_);
  complete_files(ended);
  complete_kernel(ended);
  complete_made_code(ended);
  return std::move(ended.closed);
}

void WindowCompleter::drop_caches() {
  const std::lock_guard lock(mutex_);
  makers_.clear();
  symbolizer_.drop_caches();
}

void WindowCompleter::hurry() {
  hurries_ = true;
  symbolizer_.interrupt();
}

// In a hurry, of what was there before: a worker that is ended again and again answers nothing.
Result<FileInfo> WindowCompleter::describe(int fd) {
  if (!hurries_) return symbolizer_.describe(fd);
  const auto info = symbolizer_.remembered(fd);
  if (!info) return Error{ErrorCode::kDeadlineExceeded, "no time to describe it"};
  return *info;
}

void WindowCompleter::complete_files(EndedWindow& ended) {
  const std::vector<Offsets> offsets = offsets_of(ended.closed);
  std::uint64_t undescribed = 0;
  for (std::size_t i = 1; i < ended.files.size(); ++i) {
    const ImageFile& file = ended.files[i];
    ImageIdentity& image = ended.closed.images[i];
    if (!file.fd) continue;
    const auto info = describe(file.fd->get());
    if (info) image.build_id = info->build_id;
    auto content = info ? image_content(file.fd->get(), *info) : Result<std::string>(info.error());
    if (content) image.content = std::move(*content);
    if (offsets[i].empty()) continue;
    if (content && !hurries_) {
      names_.name_file(image.content,
                       {.fd = file.fd->get(),
                        .offsets = offsets[i],
                        .root = file.root,
                        .path = image.path,
                        .user = file.user},
                       monotonic_ns());
    }
    if (hurries_) {
      count_hurried(ended.closed, image.content, offsets[i]);
    } else if (!info && is_transient(reason_of(info.error()))) {
      ++undescribed;
    }
  }
  if (undescribed > 0) ended.closed.meta.notes["files_not_described"] += undescribed;
}

void WindowCompleter::count_hurried(ClosedWindow& window, const std::string& content,
                                    const std::vector<std::uint64_t>& offsets) {
  const std::size_t unknown =
      content.empty() ? offsets.size() : names_.unknown(content, offsets, monotonic_ns()).size();
  if (unknown == 0) return;
  window.meta.notes[kWriterLossNames.at(static_cast<std::size_t>(WriterLoss::kNamesHurried))] +=
      unknown;
  names_hurried_ += unknown;
}

void WindowCompleter::complete_kernel(EndedWindow& ended) {
  if (ended.kernel.empty()) return;
  if (!kernel_) {
    kernel_ = std::make_unique<MadeNames>("kernel\n" + ended.closed.boot_id + "\n" +
                                          std::to_string(started_ns_));
  }
  std::vector<NamedOffset> named;
  named.reserve(ended.kernel.size());
  for (KernelFrameName& frame : ended.kernel) {
    named.emplace_back(frame.address,
                       StoredFunction{std::move(frame.name), std::move(frame.module), frame.begin});
  }
  ended.closed.kernel_content = kernel_->keep(named, names_, monotonic_ns());
}

void WindowCompleter::complete_made_code(EndedWindow& ended) {
  const std::uint64_t latest_ns = monotonic_ns() + kMapsBudgetNs;
  std::uint64_t over_budget = 0;
  for (const MadeCodeMaps& maps : ended.made_code) {
    Maker& maker = maker_of(ended, maps.process);
    std::string content = name_made_code(ended, maps, maker, latest_ns, over_budget);
    if (content.empty()) continue;
    ended.closed.made_code_of_process[maps.process] =
        static_cast<std::uint32_t>(ended.closed.images.size());
    ended.closed.images.push_back(
        {.path = "[jit]", .build_id = {}, .content = std::move(content), .deleted = false});
  }
  if (over_budget > 0) ended.closed.meta.notes["code_maps_over_budget"] += over_budget;
}

// All addresses are asked for again when a map has grown: code that was there may be other code
// now.
std::string WindowCompleter::name_made_code(const EndedWindow& ended, const MadeCodeMaps& maps,
                                            Maker& maker, std::uint64_t latest_ns,
                                            std::uint64_t& over_budget) {
  std::vector<std::uint64_t> sizes;
  for (const ForeignFile& file : maps.files) sizes.push_back(size_of(file));
  const bool has_grown = sizes != maker.map_bytes;
  std::vector<NamedOffset> named;
  Offsets open;
  for (const std::uint64_t address : made_addresses_of(ended.closed, maps.process)) {
    if (has_grown || !maker.names.knows(address)) {
      open.push_back(address);
    } else {
      named.emplace_back(address, maker.names.at(address));
    }
  }
  std::string_view why = maps.problem;
  bool in_time = true;
  bool is_answered = true;
  for (std::size_t i = 0; i < maps.files.size() && !open.empty() && in_time; ++i) {
    in_time = monotonic_ns() < latest_ns && !hurries_;
    const auto table = in_time ? symbolizer_.code_names(maps.files[i]->get(), open)
                               : Result<NameTable>(Error{ErrorCode::kDeadlineExceeded, "budget"});
    if (!table) continue;
    Offsets rest;
    for (std::size_t k = 0; k < open.size(); ++k) {
      const NameTable::Entry& entry = table->entries[k];
      if (entry.function < table->functions.size()) {
        named.emplace_back(open[k],
                           StoredFunction{table->functions[entry.function].name, "", open[k]});
      } else {
        rest.push_back(open[k]);
        why = to_string(entry.reason);
        is_answered = is_answered && !is_transient(entry.reason);
      }
    }
    open = std::move(rest);
  }
  if (in_time && is_answered) maker.map_bytes = std::move(sizes);  // else it is asked again
  if (!in_time) {
    ++over_budget;
    why = to_string(CodeReason::kCodeMapsOverBudget);
  }
  for (const std::uint64_t address : open) {
    named.emplace_back(address, StoredFunction{"", std::string(why), address});
  }
  return maker.names.keep(named, names_, monotonic_ns());
}

WindowCompleter::Maker& WindowCompleter::maker_of(const EndedWindow& ended, std::uint32_t process) {
  const WindowProcess& whose = ended.closed.window.processes[process];
  const auto executable = static_cast<std::size_t>(whose.executable);
  MakerKey key{whose.tgid, whose.start_ticks, ended.closed.images[executable].path};
  auto found = makers_.find(key);
  if (found == makers_.end()) {
    if (makers_.size() >= kMaxMakers) {
      makers_.erase(std::ranges::min_element(
          makers_, {}, [](const auto& entry) { return entry.second.used_ns; }));
    }
    const std::string text = std::to_string(whose.tgid) + "\n" + std::to_string(whose.start_ticks);
    found = makers_.try_emplace(std::move(key), maker_text(ended.closed.boot_id, text)).first;
  }
  found->second.used_ns = monotonic_ns();
  return found->second;
}

}  // namespace sonde
