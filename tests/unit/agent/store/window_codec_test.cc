// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "core/base/byte_codec.h"
#include "tests/support/closed_window_sample.h"

namespace sonde {
namespace {

void expect_equal_meta(const ProfileMeta& a, const ProfileMeta& b) {
  EXPECT_EQ(a.host, b.host);
  EXPECT_EQ(a.kernel, b.kernel);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.cgroup_mode, b.cgroup_mode);
  EXPECT_EQ(a.cpu_count, b.cpu_count);
  EXPECT_EQ(a.rate_hz, b.rate_hz);
  EXPECT_EQ(a.begin_ns, b.begin_ns);
  EXPECT_EQ(a.duration_ns, b.duration_ns);
  EXPECT_EQ(a.lost, b.lost);
  EXPECT_EQ(a.notes, b.notes);
  EXPECT_EQ(a.ticks.expected, b.ticks.expected);
  EXPECT_EQ(a.ticks.missed, b.ticks.missed);
  EXPECT_EQ(a.ticks.run, b.ticks.run);
  EXPECT_EQ(a.ticks.idle, b.ticks.idle);
  EXPECT_EQ(a.ticks.filtered, b.ticks.filtered);
  EXPECT_EQ(a.ticks.thinned, b.ticks.thinned);
  EXPECT_EQ(a.ticks.emitted, b.ticks.emitted);
  EXPECT_EQ(a.cost.cpu_seconds, b.cost.cpu_seconds);
  EXPECT_EQ(a.cost.bpf_seconds, b.cost.bpf_seconds);
  EXPECT_EQ(a.cost.rss_peak_bytes, b.cost.rss_peak_bytes);
  EXPECT_EQ(a.cost.kernel_map_bytes, b.cost.kernel_map_bytes);
  EXPECT_EQ(a.cost.bpf_ns_per_sample, b.cost.bpf_ns_per_sample);
}

void expect_equal(const ClosedWindow& a, const ClosedWindow& b) {
  expect_equal_meta(a.meta, b.meta);
  EXPECT_EQ(a.boot_id, b.boot_id);
  EXPECT_EQ(a.kernel_content, b.kernel_content);
  EXPECT_EQ(a.targets, b.targets);
  EXPECT_EQ(a.target_of_process, b.target_of_process);
  EXPECT_EQ(a.made_code_of_process, b.made_code_of_process);
  ASSERT_EQ(a.images.size(), b.images.size());
  for (std::size_t i = 0; i < a.images.size(); ++i) {
    EXPECT_EQ(a.images[i].path, b.images[i].path);
    EXPECT_EQ(a.images[i].build_id, b.images[i].build_id);
    EXPECT_EQ(a.images[i].content, b.images[i].content);
    EXPECT_EQ(a.images[i].deleted, b.images[i].deleted);
  }
  ASSERT_EQ(a.window.processes.size(), b.window.processes.size());
  for (std::size_t i = 0; i < a.window.processes.size(); ++i) {
    EXPECT_EQ(a.window.processes[i].tgid, b.window.processes[i].tgid);
    EXPECT_EQ(a.window.processes[i].start_ticks, b.window.processes[i].start_ticks);
    EXPECT_EQ(a.window.processes[i].name, b.window.processes[i].name);
    EXPECT_EQ(a.window.processes[i].executable, b.window.processes[i].executable);
  }
  ASSERT_EQ(a.window.stacks.size(), b.window.stacks.size());
  for (std::size_t i = 0; i < a.window.stacks.size(); ++i) {
    EXPECT_EQ(a.window.stacks[i].process, b.window.stacks[i].process);
    EXPECT_EQ(a.window.stacks[i].stop, b.window.stacks[i].stop);
    EXPECT_EQ(a.window.stacks[i].stop_image, b.window.stacks[i].stop_image);
    EXPECT_EQ(a.window.stacks[i].samples, b.window.stacks[i].samples);
    EXPECT_EQ(a.window.stacks[i].cpu_ns, b.window.stacks[i].cpu_ns);
    EXPECT_EQ(a.window.stacks[i].frames, b.window.stacks[i].frames);
  }
  EXPECT_EQ(a.window.samples, b.window.samples);
  ASSERT_EQ(a.charges.has_value(), b.charges.has_value());
  if (!a.charges) return;
  EXPECT_EQ(a.charges->host_ns, b.charges->host_ns);
  EXPECT_EQ(a.charges->source, b.charges->source);
  ASSERT_EQ(a.charges->cgroups.size(), b.charges->cgroups.size());
  for (std::size_t i = 0; i < a.charges->cgroups.size(); ++i) {
    EXPECT_EQ(a.charges->cgroups[i].cgroup, b.charges->cgroups[i].cgroup);
    EXPECT_EQ(a.charges->cgroups[i].ns, b.charges->cgroups[i].ns);
  }
}

TEST(WindowCodecTest, EveryFieldComesBack) {
  const ClosedWindow window = closed_window_sample();
  const auto back = decode_window(encode_window(window));
  ASSERT_TRUE(back.ok()) << back.error().message;
  expect_equal(window, *back);
}

TEST(WindowCodecTest, AnEmptyWindowComesBack) {
  const auto back = decode_window(encode_window({}));
  ASSERT_TRUE(back.ok());
  expect_equal({}, *back);
}

TEST(WindowCodecTest, ManyStacksComeBackAndTakeFewBytes) {
  ClosedWindow window = closed_window_sample();
  window.window.stacks.clear();
  window.window.samples = 0;
  std::mt19937_64 random(3);
  std::size_t words = 0;
  for (int i = 0; i < 2'000; ++i) {
    WindowStack stack{.samples = 1, .cpu_ns = 52'631'579, .frames = {}};
    // A tree: each depth offers few functions.
    for (std::uint64_t depth = 0; depth < 40; ++depth) {
      stack.frames.push_back(sample_frame(1 + depth % 2, depth * 65'536 + random() % 4 * 64));
    }
    words += stack.frames.size();
    ++window.window.samples;
    window.window.stacks.push_back(std::move(stack));
  }
  const std::string bytes = encode_window(window);
  EXPECT_LT(bytes.size(), words * 2);
  const auto back = decode_window(bytes);
  ASSERT_TRUE(back.ok());
  expect_equal(window, *back);
}

TEST(WindowCodecTest, CutAtAnyByteItIsNoWindowOrOneOfWholeSections) {
  const std::string bytes = encode_window(closed_window_sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto back = decode_window(bytes.substr(0, size));
    EXPECT_TRUE(!back || !back->charges) << size;
  }
}

TEST(WindowCodecTest, SectionsAndFieldsOfLaterVersionsArePassedOver) {
  const ClosedWindow window = closed_window_sample();
  const std::string bytes = encode_window(window);
  ByteReader sections(std::string_view(bytes).substr(1));
  ByteWriter later;
  int count = 0;
  for (; !sections.empty(); ++count) {
    later.number(sections.number());
    later.text(std::string(sections.text()) + "a field more");
  }
  ASSERT_TRUE(sections.ok());
  ASSERT_EQ(count, 7);
  later.number(99);
  later.text("a section more");
  const auto back = decode_window(bytes.front() + later.bytes());
  ASSERT_TRUE(back.ok());
  expect_equal(window, *back);
}

TEST(WindowCodecTest, AWindowOfAnEarlierVersionHasNoCharges) {
  ClosedWindow window = closed_window_sample();
  const std::string with = encode_window(window);
  window.charges.reset();
  const std::string without = encode_window(window);
  EXPECT_TRUE(with.starts_with(without)) << "they are the last section, which it lacks";
  const auto back = decode_window(without);
  ASSERT_TRUE(back.ok());
  expect_equal(window, *back);
}

TEST(WindowCodecTest, CgroupsOutOfOrderOrTwiceAreDamage) {
  for (const char* second : {"/b", "/a", ""}) {
    ClosedWindow window = closed_window_sample();
    window.charges->cgroups = {{"/b", 1}, {second, 2}};
    EXPECT_EQ(decode_window(encode_window(window)).error().code, ErrorCode::kDataLoss) << second;
  }
}

TEST(WindowCodecTest, ALaterVersionIsNamedAsSuch) {
  std::string bytes = encode_window({});
  bytes.front() = 2;
  EXPECT_EQ(decode_window(bytes).error().code, ErrorCode::kUnimplemented);
  bytes.front() = 0;
  EXPECT_EQ(decode_window(bytes).error().code, ErrorCode::kDataLoss);
}

TEST(WindowCodecTest, IndicesOutOfRangeAreDamage) {
  const ClosedWindow good = closed_window_sample();
  for (int what = 0; what < 6; ++what) {
    ClosedWindow bad = good;
    if (what == 0) bad.window.stacks[1].process = 2;
    if (what == 1) bad.window.stacks[1].stop_image = ImageId{3};
    if (what == 2) bad.window.stacks[1].frames[0] = sample_frame(3, 1);
    if (what == 3) bad.window.processes[1].executable = ImageId{3};
    if (what == 4) bad.target_of_process[0] = 2;
    if (what == 5) bad.made_code_of_process[0] = 3;
    const auto back = decode_window(encode_window(bad));
    ASSERT_FALSE(back.ok()) << what;
    EXPECT_EQ(back.error().code, ErrorCode::kDataLoss);
  }
}

}  // namespace
}  // namespace sonde
