// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/stack_cut.h"

#include <array>

#include "core/model/profile.h"

namespace sonde {
namespace {

constexpr std::array<std::string_view, SONDE_STOP_COUNT> kSentences = {
#define X(id, name, help) help,
    SONDE_STOP_REASONS(X)
#undef X
};

}  // namespace

std::string_view stop_sentence(std::uint16_t stop) {
  return stop < kSentences.size() ? kSentences[stop] : std::string_view();
}

std::string_view stop_phrase(std::uint16_t stop) {
  switch (stop) {
    case SONDE_STOP_COMPLETE:
    case SONDE_STOP_KERNEL_ONLY:
      return "";
    case SONDE_STOP_NO_PROCESS:
      return "process not known yet";
    case SONDE_STOP_NO_MAPPING:
      return "code range not known yet";
    case SONDE_STOP_NO_ROW:
      return "no unwind row";
    case SONDE_STOP_READ_FAULT:
      return "stack memory not readable";
    case SONDE_STOP_DEPTH:
      return "deeper than the frame limit";
    case SONDE_STOP_UNSUPPORTED:
      return "unwind rule not supported";
    case SONDE_STOP_FP_IMPLAUSIBLE:
      return "frame pointer not plausible";
    case SONDE_STOP_COMPAT32:
      return "32-bit program";
    case SONDE_STOP_NO_REGISTERS:
      return "registers not available";
    case SONDE_STOP_LOOP:
      return "stack pointer did not grow";
    case SONDE_STOP_MEMORY_GONE:
      return "process was ending";
    case SONDE_STOP_STACK_COPY:
      return "deeper than what was kept of it";
    default:
      return "reason not known";
  }
}

std::string_view stop_advice(std::uint16_t stop) {
  switch (stop) {
    case SONDE_STOP_NO_ROW:
      return "build it with -fasynchronous-unwind-tables or -fno-omit-frame-pointer";
    case SONDE_STOP_FP_IMPLAUSIBLE:
      return "build it with unwind tables or -fno-omit-frame-pointer";
    case SONDE_STOP_READ_FAULT:
      return "the host may be short of memory: see vmstat";
    case SONDE_STOP_DEPTH:
      return "the part nearest the leaf is kept";
    default:
      return "";
  }
}

std::string_view path_base(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == path.size()) return path;
  return path.substr(slash + 1);
}

std::string cut_frame_name(std::uint16_t stop, std::string_view image_path) {
  std::string out = "stack cut: ";
  out += stop_phrase(stop);
  if (!image_path.empty()) {
    out += " in ";
    out += path_base(image_path);
  }
  return out;
}

}  // namespace sonde
