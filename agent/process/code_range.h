// SPDX-License-Identifier: Apache-2.0
// A part of a process's memory that holds code, and whose code it is.
#pragma once

#include <cstdint>

#include "core/model/profile_window.h"

namespace sonde {

enum class RangeKind : std::uint8_t {
  kImage,      // a file's code
  kAnonymous,  // JIT code and the like: no file behind it
  kOpaque,     // [vsyscall], [uprobes]: kernel-made code without frames of its own
  kProbeCall,  // [uprobes-trampoline]: kernel-made code that probed code calls
};

struct CodeRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t file_offset = 0;  // of begin; 0 unless kImage
  RangeKind kind = RangeKind::kImage;
  ImageId image = ImageId::kNone;
};

}  // namespace sonde
