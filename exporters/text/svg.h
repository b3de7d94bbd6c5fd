// SPDX-License-Identifier: Apache-2.0
// The flame graph as one SVG file: valid XML 1.0, complete without scripts, in print and in image
// viewers; in a browser it zooms and searches. No link, font, image or foreign object inside.
// Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "core/model/profile.h"

namespace sonde {

// Frames drawn at most; the smallest beyond are put together, and the picture says so.
inline constexpr std::size_t kMaxFramesOfSvg = 20'000;

std::string encode_svg(const SymbolizedProfile& profile);

}  // namespace sonde
