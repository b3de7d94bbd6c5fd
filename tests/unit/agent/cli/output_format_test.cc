// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/output_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(OutputFormatTest, TheExtensionSaysTheFormat) {
  const std::pair<const char*, OutputFormat> cases[] = {
      {"cpu.pb.gz", OutputFormat::kPprof},     {"/a.b/cpu.pprof", OutputFormat::kPprof},
      {"cpu.folded", OutputFormat::kFolded},   {"cpu.txt", OutputFormat::kFolded},
      {"cpu.svg", OutputFormat::kSvg},         {"cpu.html", OutputFormat::kHtml},
      {"cpu.htm", OutputFormat::kHtml},        {"cpu.speedscope.json", OutputFormat::kSpeedscope},
      {"cpu.json", OutputFormat::kSpeedscope},
  };
  for (const auto& [path, format] : cases) EXPECT_EQ(format_of_path(path), format) << path;
  for (const char* path : {"", "cpu", "cpu.gz", "cpu.SVG", ".svg", "x/.html", "svg", "cpu.svg/"}) {
    EXPECT_FALSE(format_of_path(path)) << path;
  }
}

TEST(OutputFormatTest, EveryFormatHasANameAnExtensionAndAnEncoder) {
  test::ProfileBuilder b;
  b.add("app", "main;work", 3);
  const std::pair<OutputFormat, const char*> cases[] = {
      {OutputFormat::kPprof, "\x1f\x8b"},   {OutputFormat::kFolded, "app;main;work 3"},
      {OutputFormat::kSvg, "<?xml"},        {OutputFormat::kHtml, "<!DOCTYPE html>"},
      {OutputFormat::kSpeedscope, "{\"$s"},
  };
  for (const auto& [format, start] : cases) {
    EXPECT_EQ(format_of_name(name_of(format)), format);
    EXPECT_THAT(known_extensions(), HasSubstr("(" + std::string(name_of(format)) + ")"));
    const auto bytes = encode_profile(b.profile, format);
    ASSERT_TRUE(bytes) << name_of(format);
    EXPECT_THAT(*bytes, StartsWith(start));
  }
  EXPECT_FALSE(format_of_name("pdf"));
}

}  // namespace
}  // namespace sonde
