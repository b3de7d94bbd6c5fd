// SPDX-License-Identifier: Apache-2.0
// Colours of flame-graph frames: one hue per origin, varied a little by image (hue) and function
// (lightness), the same on every machine. web/palette.js computes the same values. Stateless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "exporters/text/flame_tree.h"

namespace sonde {

enum class Theme : std::uint8_t { kLight, kDark };

// OKLCH to sRGB as `#rrggbb`; what lies outside the gamut is clipped per channel.
std::string oklch_hex(double lightness, double chroma, double hue_degrees);

// The variant of a frame: hue step 0..4 by image, lightness step 0..2 by function. Groups, folded
// and cut frames have none; kernel and unresolved frames no hue step.
struct FlameShade {
  FlameKind kind = FlameKind::kGroup;
  std::uint8_t hue_step = 2;        // 2 = the base colour
  std::uint8_t lightness_step = 1;  // 1 = the base colour
};
FlameShade shade_of(FlameKind kind, std::string_view image_path, std::string_view function);

std::string shade_hex(const FlameShade& shade, Theme theme);

// FNV-1a over the bytes, 32 bits.
std::uint32_t fnv1a32(std::string_view bytes);

}  // namespace sonde
