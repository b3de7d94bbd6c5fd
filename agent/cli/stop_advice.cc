// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/stop_advice.h"

#include "core/model/profile.h"
#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

// What the user can do about it; empty where there is nothing to do.
std::string_view help_of(std::uint16_t stop) {
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

}  // namespace

std::string explain_stop(std::uint16_t stop, std::string_view image) {
  std::string out = std::string(stop_name(stop)) + ": ";
  out += stop_phrase(stop);
  if (!image.empty()) out.append(" in ").append(image);
  if (!help_of(stop).empty()) out.append("; ").append(help_of(stop));
  return out;
}

}  // namespace sonde
