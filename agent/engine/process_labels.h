// SPDX-License-Identifier: Apache-2.0
// The labels that every process has: those of windows, and what opt-outs and boosts ask for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/model/closed_window.h"

namespace sonde {

// cgroup, image  empty: not known; then there is no such label.
inline Labels process_labels(std::string_view name, std::uint32_t tgid, const std::string& cgroup,
                             const std::string& image) {
  Labels labels{{"process", std::string(name)}, {"pid", std::to_string(tgid)}};
  if (!cgroup.empty()) labels["cgroup"] = cgroup;
  if (!image.empty()) labels["image"] = image;
  return labels;
}

}  // namespace sonde
