// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/cli/summary.h"
#include "core/base/json.h"
#include "exporters/pprof/decode.h"
#include "exporters/pprof/encode.h"
#include "tests/support/profile_builder.h"

namespace sonde {
namespace {

using test::ProfileBuilder;
using ::testing::HasSubstr;
using ::testing::Not;

Pen plain() { return Pen(Terminal{.utf8 = true, .width = 80}); }

SymbolizedProfile shop() {
  ProfileBuilder b;
  b.add("web:3", "main;serve;parse;memcpy@/lib/libc.so.6", 30)
      .add("web:4", "main;serve;render;memcpy@/lib/libc.so.6", 50)
      .add("web:4", "main;serve;write@/lib/libc.so.6;vfs_write@[kernel.kallsyms]", 15)
      .add("cron:9", "main;tick", 5, SONDE_STOP_NO_ROW, "/usr/bin/cron");
  b.profile.meta.host = "shop-1";
  b.profile.meta.cpu_count = 2;
  b.profile.meta.rate_hz = 99;
  b.profile.meta.duration_ns = 10'000'000'000;
  b.profile.meta.lost = {{"ring_full", 2}};
  b.profile.meta.cost.cpu_seconds = 0.125;
  return b.profile;
}

std::string report(const ReportOptions& options) {
  const auto text = render_report(shop(), options, plain());
  return text ? *text : "error: " + text.error().message;
}

TEST(ReportTest, AFileGivesTheScreenOfItsRecording) {
  const SymbolizedProfile recorded = shop();
  const auto bytes = encode_pprof(recorded);
  ASSERT_TRUE(bytes);
  const auto read = decode_pprof(*bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(*render_report(*read, {}, plain()), *render_report(recorded, {}, plain()));
  EXPECT_EQ(*render_report_json(*read, {}), *render_report_json(recorded, {}));
}

TEST(ReportTest, ByProcess) {
  ReportOptions options;
  options.by = ReportBy::kProcess;
  EXPECT_THAT(report(options),
              HasSubstr("web ×2                              95.0 %  15.0 %   100 %\n"
                        "cron                                 5.0 %     0 %     0 %\n"));
}

TEST(ReportTest, ByImageCountsAnImageOncePerStack) {
  ReportOptions options;
  options.by = ReportBy::kImage;
  EXPECT_THAT(report(options), HasSubstr("80.0 %  95.0 %  /lib/libc.so.6\n"));
}

TEST(ReportTest, RowsAreAsManyAsAskedFor) {
  ReportOptions options;
  options.by = ReportBy::kFunction;
  options.rows = 1;
  EXPECT_THAT(report(options), HasSubstr("memcpy"));
  EXPECT_THAT(report(options), Not(HasSubstr("vfs_write")));
  options.rows = 0;
  EXPECT_THAT(report(options), HasSubstr("main"));
}

TEST(ReportTest, CallersOfAFunction) {
  ReportOptions options;
  options.callers = "memcpy";
  EXPECT_THAT(report(options), HasSubstr("memcpy: total 80.0 %, self 80.0 %\n"));
  EXPECT_THAT(report(options), HasSubstr("50.0 %  62.5 %  render"));
  EXPECT_THAT(report(options), HasSubstr("30.0 %  37.5 %  parse"));
}

TEST(ReportTest, CalleesAsATree) {
  ReportOptions options;
  options.callees = "serve";
  options.tree = true;
  EXPECT_THAT(report(options), HasSubstr(" 95.0 %  serve\n"
                                         " 50.0 %  ├ render ▸ memcpy\n"
                                         " 30.0 %  ├ parse ▸ memcpy\n"
                                         " 15.0 %  └ write ▸ vfs_write\n"));
}

TEST(ReportTest, AFunctionThatIsNotThereIsAnError) {
  ReportOptions options;
  options.callers = "nowhere";
  EXPECT_THAT(report(options), HasSubstr("error: no function of this profile"));
}

TEST(ReportTest, SeveralMatchesAreCounted) {
  ReportOptions options;
  options.callees = "e";
  EXPECT_THAT(report(options), HasSubstr("6 functions that contain e: total 95.0 %"));
}

TEST(ReportTest, JsonHoldsWhatWasAskedFor) {
  ReportOptions options;
  options.callers = "memcpy";
  const auto text = render_report_json(shop(), options);
  ASSERT_TRUE(text);
  const auto json = parse_json(*text);
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["callers"][0]["function"], "render");
  EXPECT_EQ((*json)["host"], "shop-1");
}

}  // namespace
}  // namespace sonde
