// SPDX-License-Identifier: Apache-2.0
// Stage 4's end: counted stacks -> a window that its processes, its images' registry and the
// session are not needed for any more.
#pragma once

#include <string>

#include "agent/engine/ended_window.h"
#include "agent/engine/kernel_names.h"
#include "agent/pipeline/window_set.h"
#include "agent/process/cgroup_paths.h"
#include "agent/process/code_maps.h"
#include "agent/process/image_registry.h"
#include "agent/process/proc_reader.h"

namespace sonde {

// Thread-confined (the session's).
class WindowMaker {
 public:
  // All outlive this.
  WindowMaker(const ImageRegistry& images, const ProcReader& proc, CodeMaps& code_maps,
              const KernelNames& kernel_names, CgroupPaths& cgroups);

  // meta  of the window; its span is filled in here.
  // cost  linear in the window's frames; what it knows of cgroups and perf maps may be looked up.
  EndedWindow make(FilledWindow&& filled, ProfileMeta meta);

 private:
  void add_images(EndedWindow& out) const;
  void add_labels(EndedWindow& out);
  void add_made_code(EndedWindow& out);
  void add_kernel_names(EndedWindow& out) const;

  const ImageRegistry& images_;
  const ProcReader& proc_;
  CodeMaps& code_maps_;
  const KernelNames& kernel_names_;
  CgroupPaths& cgroups_;
  const std::string boot_id_;
};

}  // namespace sonde
