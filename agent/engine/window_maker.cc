// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/window_maker.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "agent/engine/host_facts.h"
#include "agent/engine/process_labels.h"
#include "bpf/abi/frame.h"
#include "core/base/clock.h"
#include "core/model/reason.h"
#include "symbolizer/wire/reason.h"

namespace sonde {

WindowMaker::WindowMaker(const ImageRegistry& images, const ProcReader& proc, CodeMaps& code_maps,
                         const KernelNames& kernel_names, CgroupPaths& cgroups)
    : images_(images),
      proc_(proc),
      code_maps_(code_maps),
      kernel_names_(kernel_names),
      cgroups_(cgroups),
      boot_id_(read_boot_id()) {}

EndedWindow WindowMaker::make(FilledWindow&& filled, ProfileMeta meta) {
  EndedWindow out;
  out.closed.meta = std::move(meta);
  out.closed.meta.begin_ns = filled.span.begin_wall_ns;
  out.closed.meta.duration_ns = filled.span.end_wall_ns - filled.span.begin_wall_ns;
  out.closed.boot_id = boot_id_;
  out.closed.window = std::move(filled.window);
  add_made_code(out);  // by the executables' ids in the registry
  add_labels(out);     // likewise
  add_images(out);
  add_kernel_names(out);
  return out;
}

void WindowMaker::add_images(EndedWindow& out) const {
  const std::vector<ImageId> ids = renumber_images(out.closed.window);
  out.files.resize(ids.size());
  out.closed.images.resize(ids.size());
  for (std::size_t i = 1; i < ids.size(); ++i) {
    const Image& image = images_.at(ids[i]);
    out.closed.images[i].path = image.path;
    out.closed.images[i].deleted = image.deleted;
    out.files[i].fd = image.fd;
    if (image.pid == 0) continue;
    out.files[i].root = proc_.root_of(image.pid);
    out.files[i].user = proc_.owner(image.pid);
  }
}

void WindowMaker::add_labels(EndedWindow& out) {
  std::map<Labels, std::uint32_t> known;
  const std::uint64_t now = monotonic_ns();
  for (const WindowProcess& process : out.closed.window.processes) {
    const Labels labels = process_labels(
        process.name, process.tgid, cgroups_.path_of(process.cgroup_id, now),
        process.executable == ImageId::kNone ? "" : images_.at(process.executable).path);
    const auto [entry, fresh] =
        known.try_emplace(labels, static_cast<std::uint32_t>(out.closed.targets.size()));
    if (fresh) out.closed.targets.push_back(labels);
    out.closed.target_of_process.push_back(entry->second);
  }
  out.closed.made_code_of_process.assign(out.closed.window.processes.size(), 0);
}

void WindowMaker::add_made_code(EndedWindow& out) {
  std::set<std::uint32_t> makers;
  for (const WindowStack& stack : out.closed.window.stacks) {
    if (std::ranges::any_of(stack.frames, is_made_code)) makers.insert(stack.process);
  }
  for (const std::uint32_t index : makers) {
    const WindowProcess& process = out.closed.window.processes[index];
    auto found = code_maps_.open(process.tgid, process.start_ticks, process.executable);
    out.made_code.push_back({index, std::move(found.fds), to_string(found.problem)});
  }
}

void WindowMaker::add_kernel_names(EndedWindow& out) const {
  std::vector<std::uint64_t> addresses;
  for (const WindowStack& stack : out.closed.window.stacks) {
    for_each_frame(stack.frames, [&](FrameWord word) {
      if (SONDE_FRAME_TAG(word) == SONDE_TAG_KERNEL) addresses.push_back(SONDE_KERNEL_PC(word));
    });
  }
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  const KernelSymbols* symbols = kernel_names_.symbols();
  for (const std::uint64_t address : addresses) {
    KernelFrameName named{.address = address, .name = {}, .module = {}, .begin = address};
    const auto symbol = symbols == nullptr ? std::nullopt : symbols->find(address);
    if (symbol) {
      named.name = symbol->name;
      named.begin = symbol->address;
      if (symbol->module != "[kernel]") named.module = "[" + std::string(symbol->module) + "]";
    } else {
      named.module = symbols == nullptr ? to_string(CodeReason::kKallsymsRestricted)
                                        : to_string(Reason::kNoSymbol);
    }
    out.kernel.push_back(std::move(named));
  }
}

}  // namespace sonde
