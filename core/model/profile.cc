// SPDX-License-Identifier: Apache-2.0
#include "core/model/profile.h"

#include <array>

namespace sonde {
namespace {

constexpr std::array kStopNames = {
#define X(id, name, help) name,
    SONDE_STOP_REASONS(X)
#undef X
};

}  // namespace

const char* to_string(Origin origin) {
  switch (origin) {
    case Origin::kOwn:
      return "own";
    case Origin::kLibrary:
      return "library";
    case Origin::kKernel:
      return "kernel";
    case Origin::kJit:
      return "jit";
    case Origin::kUnresolved:
      return "unresolved";
  }
  return "unresolved";
}

bool is_whole(std::uint16_t stop) {
  return stop == SONDE_STOP_COMPLETE || stop == SONDE_STOP_KERNEL_ONLY;
}

const char* stop_name(std::uint16_t stop) {
  return stop < kStopNames.size() ? kStopNames[stop] : "unknown";
}

std::uint16_t stop_from_name(const std::string& name) {
  for (std::uint16_t i = 0; i < SONDE_STOP_COUNT; ++i) {
    if (name == kStopNames[i]) return i;
  }
  return SONDE_STOP_COUNT;
}

}  // namespace sonde
