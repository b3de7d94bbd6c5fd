// SPDX-License-Identifier: Apache-2.0
// The gate for colours: contrast of every frame's text, and distances between the origins for
// people with ordinary and with deficient colour vision. Nothing is recoloured without it.
#include "exporters/text/palette.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sonde {
namespace {

using Vec3 = std::array<double, 3>;
using Matrix = std::array<Vec3, 3>;

Vec3 times(const Matrix& m, const Vec3& v) {
  Vec3 out{};
  for (std::size_t i = 0; i < 3; ++i) out[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
  return out;
}

Vec3 linear_of(const std::string& hex) {
  Vec3 out{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double encoded = std::stoi(hex.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    out[i] = encoded <= 0.04045 ? encoded / 12.92 : std::pow((encoded + 0.055) / 1.055, 2.4);
  }
  return out;
}

double luminance(const std::string& hex) {
  const Vec3 rgb = linear_of(hex);
  return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
}

// WCAG 2.1.
double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a);
  const double y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

Vec3 oklab(const Vec3& linear) {
  constexpr Matrix kToCones = {{{0.4122214708, 0.5363325363, 0.0514459929},
                                {0.2119034982, 0.6806995451, 0.1073969566},
                                {0.0883024619, 0.2817188376, 0.6299787005}}};
  constexpr Matrix kToLab = {{{0.2104542553, 0.7936177850, -0.0040720468},
                              {1.9779984951, -2.4285922050, 0.4505937099},
                              {0.0259040371, 0.7827717662, -0.8086757660}}};
  Vec3 cones = times(kToCones, linear);
  for (double& value : cones) value = std::cbrt(std::max(value, 0.0));
  return times(kToLab, cones);
}

// Machado, Oliveira, Fernandes 2009, severity 1; the first is ordinary vision.
constexpr std::array<Matrix, 4> kVision = {{{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
                                            {{{0.152286, 1.052583, -0.204868},
                                              {0.114503, 0.786281, 0.099216},
                                              {-0.003882, -0.048116, 1.051998}}},
                                            {{{0.367322, 0.860646, -0.227968},
                                              {0.280085, 0.672501, 0.047413},
                                              {-0.011820, 0.042940, 0.968881}}},
                                            {{{1.255528, -0.076749, -0.178779},
                                              {-0.078411, 0.930809, 0.147602},
                                              {0.004733, 0.691367, 0.303900}}}}};

// OKLab distance x 100, the smallest over the four kinds of vision.
double distance(const std::string& a, const std::string& b) {
  double smallest = 1e9;
  for (const Matrix& vision : kVision) {
    Vec3 x = times(vision, linear_of(a));
    Vec3 y = times(vision, linear_of(b));
    for (double& value : x) value = std::clamp(value, 0.0, 1.0);
    for (double& value : y) value = std::clamp(value, 0.0, 1.0);
    const Vec3 p = oklab(x);
    const Vec3 q = oklab(y);
    smallest = std::min(smallest, 100 * std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
  }
  return smallest;
}

constexpr std::array kOrigins = {FlameKind::kOwn, FlameKind::kLibrary, FlameKind::kKernel,
                                 FlameKind::kJit, FlameKind::kUnresolved};

std::vector<FlameShade> shades_of_kind(FlameKind kind) {
  std::vector<FlameShade> out;
  const bool hues = kind != FlameKind::kKernel && kind != FlameKind::kUnresolved;
  for (std::uint8_t hue = 0; hue < 5; ++hue) {
    if (!hues && hue != 2) continue;
    for (std::uint8_t lightness = 0; lightness < 3; ++lightness)
      out.push_back({kind, hue, lightness});
  }
  return out;
}

const char* text_of(Theme theme) { return theme == Theme::kLight ? "#14181f" : "#ffffff"; }

TEST(PaletteTest, BaseColoursAreThoseOfTheDesign) {
  EXPECT_EQ(shade_hex({FlameKind::kOwn}, Theme::kLight), "#f2ba78");
  EXPECT_EQ(shade_hex({FlameKind::kLibrary}, Theme::kLight), "#82abe8");
  EXPECT_EQ(shade_hex({FlameKind::kKernel}, Theme::kLight), "#bc779f");
  EXPECT_EQ(shade_hex({FlameKind::kJit}, Theme::kLight), "#acf0cb");
  EXPECT_EQ(shade_hex({FlameKind::kOwn}, Theme::kDark), "#996222");
  EXPECT_EQ(shade_hex({FlameKind::kLibrary}, Theme::kDark), "#3d6a9d");
  EXPECT_EQ(shade_hex({FlameKind::kKernel}, Theme::kDark), "#643073");
  EXPECT_EQ(shade_hex({FlameKind::kGroup}, Theme::kLight), "#dbe0e6");
}

TEST(PaletteTest, TextOnEveryShadeHasAContrastOfFourAndAHalf) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    for (const FlameKind kind : kOrigins) {
      for (const FlameShade& shade : shades_of_kind(kind)) {
        EXPECT_GE(contrast(shade_hex(shade, theme), text_of(theme)), 4.5)
            << static_cast<int>(kind) << ' ' << shade_hex(shade, theme);
      }
    }
  }
}

TEST(PaletteTest, OriginsAreToldApartUnderEveryKindOfVision) {
  for (const Theme theme : {Theme::kLight, Theme::kDark}) {
    for (const FlameKind a : kOrigins) {
      for (const FlameKind b : kOrigins) {
        if (a >= b) continue;
        EXPECT_GE(distance(shade_hex({a}, theme), shade_hex({b}, theme)), 8.0)
            << static_cast<int>(a) << ' ' << static_cast<int>(b);
        for (const FlameShade& x : shades_of_kind(a)) {
          for (const FlameShade& y : shades_of_kind(b)) {
            EXPECT_GE(distance(shade_hex(x, theme), shade_hex(y, theme)), 4.5)
                << shade_hex(x, theme) << ' ' << shade_hex(y, theme);
          }
        }
      }
    }
  }
}

TEST(PaletteTest, ShadesDependOnFileNameAndFunctionOnly) {
  const FlameShade a = shade_of(FlameKind::kOwn, "/usr/bin/redis-server", "call");
  const FlameShade b = shade_of(FlameKind::kOwn, "/opt/redis/redis-server", "call");
  EXPECT_EQ(a.hue_step, b.hue_step);
  EXPECT_EQ(a.lightness_step, b.lightness_step);
  EXPECT_EQ(shade_of(FlameKind::kKernel, "x", "call").hue_step, 2);
  EXPECT_EQ(shade_of(FlameKind::kGroup, "x", "call").lightness_step, 1);
}

TEST(PaletteTest, HashIsFnv1a) {
  EXPECT_EQ(fnv1a32(""), 0x811c9dc5U);
  EXPECT_EQ(fnv1a32("foobar"), 0xbf9cf968U);
}

}  // namespace
}  // namespace sonde
