// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/stop_advice.h"

#include "core/model/profile.h"
#include "exporters/text/stack_cut.h"

namespace sonde {

std::string explain_stop(std::uint16_t stop, std::string_view image) {
  std::string out = std::string(stop_name(stop)) + ": ";
  out += stop_phrase(stop);
  if (!image.empty()) out.append(" in ").append(image);
  if (!stop_advice(stop).empty()) out.append("; ").append(stop_advice(stop));
  return out;
}

}  // namespace sonde
