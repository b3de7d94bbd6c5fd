// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/palette.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

struct Lch {
  double lightness;
  double chroma;
  double hue;
};

constexpr double kHueStep = 3;  // degrees
constexpr double kLightnessStep = 0.02;

// By FlameKind. Every value passed the contrast and colour-vision checks of the palette test.
constexpr std::array<Lch, 8> kLight{{{.905, .010, 255},
                                     {.825, .105, 70},
                                     {.735, .100, 258},
                                     {.655, .100, 345},
                                     {.900, .085, 160},
                                     {.815, .006, 260},
                                     {.905, .010, 255},
                                     {.815, .006, 260}}};
constexpr std::array<Lch, 8> kDark{{{.335, .014, 255},
                                    {.545, .105, 66},
                                    {.515, .095, 253},
                                    {.407, .120, 318},
                                    {.420, .068, 156},
                                    {.325, .006, 260},
                                    {.335, .014, 255},
                                    {.325, .006, 260}}};

// One channel of linear light to 0..255 of sRGB.
unsigned channel(double linear) {
  const double clipped = std::clamp(linear, 0.0, 1.0);
  const double encoded =
      clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * std::pow(clipped, 1 / 2.4) - 0.055;
  return static_cast<unsigned>(std::lround(encoded * 255));
}

}  // namespace

std::uint32_t fnv1a32(std::string_view bytes) {
  std::uint32_t hash = 0x811c9dc5U;
  for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x01000193U;
  return hash;
}

std::string oklch_hex(double lightness, double chroma, double hue_degrees) {
  // Ottosson 2020, "A perceptual color space for image processing".
  const double angle = hue_degrees * std::numbers::pi / 180;
  const double a = chroma * std::cos(angle);
  const double b = chroma * std::sin(angle);
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  const std::array<unsigned, 3> rgb = {
      channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
      channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
      channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "#";
  for (const unsigned value : rgb) {
    out += kHex[value >> 4];
    out += kHex[value & 15];
  }
  return out;
}

FlameShade shade_of(FlameKind kind, std::string_view image_path, std::string_view function) {
  FlameShade shade{kind};
  if (kind == FlameKind::kGroup || kind == FlameKind::kFolded || kind == FlameKind::kStackCut) {
    return shade;
  }
  if (kind != FlameKind::kKernel && kind != FlameKind::kUnresolved) {
    shade.hue_step = static_cast<std::uint8_t>(fnv1a32(path_base(image_path)) % 5);
  }
  shade.lightness_step = static_cast<std::uint8_t>(fnv1a32(function) % 3);
  return shade;
}

std::string shade_hex(const FlameShade& shade, Theme theme) {
  const auto& table = theme == Theme::kLight ? kLight : kDark;
  const Lch& base = table[static_cast<std::size_t>(shade.kind)];
  return oklch_hex(base.lightness + kLightnessStep * (shade.lightness_step - 1.0), base.chroma,
                   base.hue + kHueStep * (shade.hue_step - 2.0));
}

}  // namespace sonde
