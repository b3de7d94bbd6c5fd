// SPDX-License-Identifier: Apache-2.0
// A window that is over, with all that a reader needs who comes after its processes, its images'
// registry and the agent itself are gone. Still without names: they are looked up when it is read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/cpu_charges.h"
#include "core/model/profile.h"
#include "core/model/profile_window.h"

namespace sonde {

// Which file an image was; or the code that one process made at run time: path `[jit]`.
struct ImageIdentity {
  std::string path;      // as its first process saw it
  std::string build_id;  // lower-case hex, empty if none; a claim of the file
  std::string content;  // what its names are kept under: SHA-256 as 64 hex digits; empty: not known
  bool deleted = false;  // the path led to nothing, or to another file, when it was opened
};

// What a process is chosen and grouped by: name (process, container, ...) -> value.
using Labels = std::map<std::string, std::string, std::less<>>;

struct ClosedWindow {
  ProfileMeta meta;            // span, books, cost
  std::string boot_id;         // of the kernel whose addresses and process start times these are
  std::string kernel_content;  // what the kernel's names are kept under; empty: not known
  std::vector<ImageIdentity> images{ImageIdentity{}};  // [0] is none
  std::vector<Labels> targets;                         // distinct
  std::vector<std::uint32_t> target_of_process;        // by process: index into targets
  std::vector<std::uint32_t> made_code_of_process;  // by process: image of the code it made; 0 none
  ProfileWindow window;                             // ImageId = index into images
  std::optional<CpuCharges> charges;                // none: not known
};

// Numbers the images of a window from 1 on, in the order of their first use.
//
// returns  by new number, the ImageId it had; [0] is kNone.
std::vector<ImageId> renumber_images(ProfileWindow& window);

}  // namespace sonde
