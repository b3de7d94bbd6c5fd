// SPDX-License-Identifier: Apache-2.0
// A window as the session hands it on: counted and labelled, its files still open, so that whoever
// takes it can ask for their content and names without holding the session up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/foreign_file.h"
#include "core/model/closed_window.h"

namespace sonde {

struct ImageFile {
  ForeignFile fd;    // null: could not be opened
  std::string root;  // where its debug files may be, and whose that is, as NameRequest has it
  std::uint32_t user = 0;
};

// The files in which a process says what code it made.
struct MadeCodeMaps {
  std::uint32_t process = 0;       // index into the window's
  std::vector<ForeignFile> files;  // best first
  std::string_view problem;        // why there is no perf map
};

struct KernelFrameName {
  std::uint64_t address = 0;  // of the frame
  std::string name;           // empty: none, `module` is the reason
  std::string module;         // `[ext4]`; empty: the kernel itself
  std::uint64_t begin = 0;    // of the function
};

struct EndedWindow {
  ClosedWindow closed;                  // without contents, build ids and images of made code
  std::vector<ImageFile> files;         // by closed.images
  std::vector<MadeCodeMaps> made_code;  // of processes that ran such code
  std::vector<KernelFrameName> kernel;  // of every kernel frame, ascending, each once
  ProfileMeta total;                    // since the start of the session
};

}  // namespace sonde
