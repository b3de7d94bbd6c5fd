// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <tuple>

#include "core/compress/gzip.h"
#include "exporters/pprof/encode.h"
#include "exporters/proto/pprof.pb.h"
#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

// Everything a stack says, spelled out, so that profiles with other indices compare equal.
std::vector<std::string> spelled_out(const SymbolizedProfile& profile) {
  std::vector<std::string> out;
  for (const ProfileStack& stack : profile.stacks) {
    const ProfileProcess& process = profile.processes[stack.process];
    std::string line = process.name + '/' + std::to_string(process.pid) + ' ' +
                       stop_name(stack.stop) + '@' + profile.images[stack.stop_image].path + ' ' +
                       std::to_string(stack.samples) + ' ' + std::to_string(stack.cpu_ns);
    for (const std::uint32_t index : stack.frames) {
      const ProfileFrame& frame = profile.frames[index];
      const ProfileFunction& function = profile.functions[frame.function];
      const ProfileImage& image = profile.images[frame.image];
      line += " | " + function.name + ' ' + function.system_name + ' ' + image.path + ' ' +
              image.build_id + ' ' + to_string(frame.origin) + (frame.fp_step ? " fp " : " ") +
              std::to_string(frame.address) + ' ' + frame.reason;
    }
    out.push_back(std::move(line));
  }
  return out;
}

SymbolizedProfile decoded(const SymbolizedProfile& profile) {
  auto back = decode_pprof(*encode_pprof(profile));
  EXPECT_TRUE(back.ok()) << (back ? "" : back.error().message);
  return std::move(*back);
}

class ForeignProfile {
 public:
  ForeignProfile() { id(""); }
  int id(const std::string& text) {
    for (int i = 0; i < out.string_table_size(); ++i) {
      if (out.string_table(i) == text) return i;
    }
    out.add_string_table(text);
    return out.string_table_size() - 1;
  }
  void type(const std::string& type, const std::string& unit) {
    auto* one = out.add_sample_type();
    one->set_type(id(type));
    one->set_unit(id(unit));
  }
  void function(std::uint64_t number, const std::string& name) {
    auto* one = out.add_function();
    one->set_id(number);
    one->set_name(id(name));
  }
  pprof::Location* location(std::uint64_t number, std::uint64_t mapping,
                            std::vector<std::uint64_t> functions) {
    auto* one = out.add_location();
    one->set_id(number);
    one->set_mapping_id(mapping);
    one->set_address(0x401000 + number);
    for (const auto function : functions) one->add_line()->set_function_id(function);
    return one;
  }
  void sample(std::vector<std::uint64_t> locations, std::vector<std::int64_t> values) {
    auto* one = out.add_sample();
    for (const auto location : locations) one->add_location_id(location);
    for (const auto value : values) one->add_value(value);
  }
  [[nodiscard]] std::string bytes() const { return out.SerializeAsString(); }

  pprof::Profile out;
};

ForeignProfile go_like() {
  ForeignProfile profile;
  profile.type("samples", "count");
  profile.type("cpu", "nanoseconds");
  profile.out.set_period(10'000'000);
  profile.out.mutable_period_type()->set_type(profile.id("cpu"));
  profile.out.mutable_period_type()->set_unit(profile.id("nanoseconds"));
  auto* mapping = profile.out.add_mapping();
  mapping->set_id(7);
  mapping->set_memory_start(0x400000);
  mapping->set_memory_limit(0x500000);
  mapping->set_filename(profile.id("/srv/app"));
  profile.function(30, "main.main");
  profile.function(10, "main.inlined");
  profile.location(5, 7, {10, 30});
  profile.location(900, 7, {});
  profile.sample({5}, {3, 30'000'000});
  profile.sample({900, 5}, {1, 10'000'000});
  return profile;
}

TEST(DecodeTest, OwnProfilesComeBackWhole) {
  for (const SymbolizedProfile& profile : {small_profile(), node_profile()}) {
    const SymbolizedProfile back = decoded(profile);
    EXPECT_EQ(spelled_out(back), spelled_out(profile));
    EXPECT_EQ(back.meta.host, profile.meta.host);
    EXPECT_EQ(back.meta.kernel, profile.meta.kernel);
    EXPECT_EQ(back.meta.version, profile.meta.version);
    EXPECT_EQ(back.meta.cpu_count, profile.meta.cpu_count);
    EXPECT_EQ(back.meta.rate_hz, profile.meta.rate_hz);
    EXPECT_EQ(back.meta.begin_ns, profile.meta.begin_ns);
    EXPECT_EQ(back.meta.duration_ns, profile.meta.duration_ns);
    EXPECT_EQ(back.meta.cgroup_mode, profile.meta.cgroup_mode);
    EXPECT_EQ(back.meta.lost, profile.meta.lost);
    EXPECT_EQ(back.meta.notes, profile.meta.notes);
  }
}

TEST(DecodeTest, TicksAndCostComeBackExactly) {
  const SymbolizedProfile profile = small_profile();
  const SymbolizedProfile back = decoded(profile);
  const auto ticks = [](const TickLedger& t) {
    return std::tuple(t.expected, t.missed, t.run, t.idle, t.filtered, t.thinned, t.emitted);
  };
  const auto cost = [](const ProfileCost& c) {
    return std::tuple(c.cpu_seconds, c.bpf_seconds, c.rss_peak_bytes, c.kernel_map_bytes,
                      c.bpf_ns_per_sample);
  };
  EXPECT_EQ(ticks(back.meta.ticks), ticks(profile.meta.ticks));
  EXPECT_EQ(cost(back.meta.cost), cost(profile.meta.cost));
}

TEST(DecodeTest, EncodingAgainGivesTheSameBytes) {
  for (const SymbolizedProfile& profile : {small_profile(), hostile_profile(), node_profile()}) {
    const std::string first = *encode_pprof(decoded(profile));
    EXPECT_EQ(*encode_pprof(*decode_pprof(first)), first);
  }
}

TEST(DecodeTest, ImagesWithOnePathAreToldApartByBuildId) {
  SymbolizedProfile profile = small_profile();
  profile.images[2].path = profile.images[1].path;
  profile.stacks[3].stop_image = 2;
  const SymbolizedProfile back = decoded(profile);
  EXPECT_EQ(back.images[back.stacks[3].stop_image].build_id, profile.images[2].build_id);
}

TEST(DecodeTest, GoProfilesAreReadWithInlinedFrames) {
  const auto profile = decode_pprof(go_like().bytes());
  ASSERT_TRUE(profile.ok()) << profile.error().message;
  EXPECT_EQ(profile->meta.rate_hz, 100U);
  ASSERT_EQ(profile->stacks.size(), 2U);
  const auto name = [&](std::uint32_t frame) {
    return profile->functions[profile->frames[frame].function].name;
  };
  const ProfileStack& first = profile->stacks[0];
  EXPECT_EQ(first.samples, 3U);
  EXPECT_EQ(first.cpu_ns, 30'000'000U);
  ASSERT_EQ(first.frames.size(), 2U);
  EXPECT_EQ(name(first.frames[0]), "main.inlined");
  EXPECT_EQ(name(first.frames[1]), "main.main");
  EXPECT_EQ(profile->processes[first.process].name, "app");
  const ProfileFrame& unnamed = profile->frames[profile->stacks[1].frames[0]];
  EXPECT_EQ(name(profile->stacks[1].frames[0]), "app+0x1384");  // offset in the file
  EXPECT_EQ(unnamed.origin, Origin::kUnresolved);
  EXPECT_EQ(unnamed.reason, "no_symbols");
}

TEST(DecodeTest, OneTypeInNanosecondsGivesSamplesByThePeriod) {
  ForeignProfile profile = go_like();
  profile.out.clear_sample_type();
  profile.out.clear_sample();
  profile.type("cpu", "nanoseconds");
  profile.sample({5}, {40'000'000});
  const auto back = decode_pprof(profile.bytes());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->stacks[0].samples, 4U);
}

TEST(DecodeTest, OtherValuesAreNamedInANote) {
  ForeignProfile profile = go_like();
  profile.out.clear_sample_type();
  profile.out.clear_sample();
  profile.type("inuse_objects", "count");
  profile.type("inuse_space", "bytes");
  profile.sample({5}, {1, 4096});
  profile.sample({5}, {1, -4096});
  const auto back = decode_pprof(profile.bytes());
  ASSERT_TRUE(back.ok());
  ASSERT_EQ(back->stacks.size(), 1U);
  EXPECT_EQ(back->stacks[0].cpu_ns, 4096U);
  EXPECT_EQ(back->meta.notes.at("value_type:inuse_space/bytes"), 1U);
  EXPECT_EQ(back->meta.notes.at("negative_values"), 1U);
}

TEST(DecodeTest, CountsAreCpuTimeOnlyWithAPeriod) {
  ForeignProfile profile = go_like();
  profile.out.clear_sample_type();
  profile.out.clear_sample();
  profile.type("samples", "count");
  profile.sample({5}, {4});
  const auto timed = decode_pprof(profile.bytes());
  ASSERT_TRUE(timed.ok());
  EXPECT_EQ(timed->stacks[0].cpu_ns, 40'000'000U);
  EXPECT_TRUE(timed->meta.notes.empty());
  profile.out.clear_period_type();
  const auto bare = decode_pprof(profile.bytes());
  ASSERT_TRUE(bare.ok());
  EXPECT_EQ(bare->stacks[0].samples, 4U);
  EXPECT_EQ(bare->meta.notes.at("value_type:samples/count"), 1U);
}

TEST(DecodeTest, LabelsOfOtherToolsNameTheProcess) {
  ForeignProfile profile = go_like();
  auto* label = profile.out.mutable_sample(0)->add_label();
  label->set_key(profile.id("comm"));
  label->set_str(profile.id("redis"));
  auto* pid = profile.out.mutable_sample(0)->add_label();
  pid->set_key(profile.id("pid"));
  pid->set_num(988);
  const auto back = decode_pprof(profile.bytes());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->processes[back->stacks[0].process].name, "redis");
  EXPECT_EQ(back->processes[back->stacks[0].process].pid, 988U);
}

struct Breakage {
  const char* name;
  std::function<void(ForeignProfile&)> apply;
  const char* message;
};

TEST(DecodeTest, EveryBrokenReferenceIsRefusedWithItsOffset) {
  const std::vector<Breakage> all = {
      {"location",
       [](auto& p) {
         p.sample({6}, {1, 1});
       },
       "location 6, which does not exist"},
      {"function", [](auto& p) { p.location(8, 7, {99}); }, "function 99, which does not exist"},
      {"no function", [](auto& p) { p.location(8, 7, {0}); }, "function 0, which does not exist"},
      {"mapping", [](auto& p) { p.location(8, 3, {10}); }, "mapping 3, which does not exist"},
      {"duplicate", [](auto& p) { p.location(5, 7, {10}); }, "location id 5 is zero or used twice"},
      {"zero id", [](auto& p) { p.function(0, "x"); }, "function id 0 is zero or used twice"},
      {"values", [](auto& p) { p.sample({5}, {1}); }, "needs one value for each of the 2"},
      {"more values",
       [](auto& p) {
         p.sample({5}, {1, 2, 3});
       },
       "needs one value for each"},
      {"no types", [](auto& p) { p.out.clear_sample_type(); }, "samples without a sample type"},
      {"string", [](auto& p) { p.out.mutable_function(0)->set_name(500); }, "string 500"},
      {"negative", [](auto& p) { p.out.mutable_function(0)->set_name(-1); }, "does not exist"},
      {"comment", [](auto& p) { p.out.add_comment(77); }, "string 77 does not exist"},
      {"first", [](auto& p) { p.out.set_string_table(0, "x"); }, "the first string is not empty"},
      {"no strings", [](auto& p) { p.out.clear_string_table(); }, "no string table"},
  };
  for (const Breakage& breakage : all) {
    ForeignProfile profile = go_like();
    breakage.apply(profile);
    const auto back = decode_pprof(profile.bytes());
    ASSERT_FALSE(back.ok()) << breakage.name;
    EXPECT_TRUE(back.error().message.starts_with("byte ")) << back.error().message;
    EXPECT_NE(back.error().message.find(breakage.message), std::string::npos)
        << breakage.name << ": " << back.error().message;
  }
}

TEST(DecodeTest, ConcatenatedProfilesAreRefused) {
  ForeignProfile profile = go_like();
  profile.out.set_time_nanos(5);
  const auto back = decode_pprof(profile.bytes() + profile.bytes());
  ASSERT_FALSE(back.ok());
  EXPECT_NE(back.error().message.find("concatenated"), std::string::npos);
}

TEST(DecodeTest, ACutFileNamesTheByteAndWhatIsIntact) {
  const std::string bytes = go_like().bytes();
  const auto back = decode_pprof(std::string_view(bytes).substr(0, bytes.size() - 3));
  ASSERT_FALSE(back.ok());
  EXPECT_TRUE(back.error().message.starts_with("byte ")) << back.error().message;
  EXPECT_NE(back.error().message.find("2 samples before it are intact"), std::string::npos);

  const std::string file = *encode_pprof(node_profile());
  const auto cut = decode_pprof(std::string_view(file).substr(0, file.size() / 2));
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, ErrorCode::kDataLoss);
  EXPECT_NE(cut.error().message.find("at byte " + std::to_string(file.size() / 2)),
            std::string::npos)
      << cut.error().message;
  EXPECT_NE(cut.error().message.find("whole samples come before it"), std::string::npos);
}

TEST(DecodeTest, NoPrefixOfAProfileIsTakenForAWholeOneSilently) {
  const auto plain = gzip_decompress(*encode_pprof(small_profile()), 1 << 20);
  ASSERT_TRUE(plain.ok());
  std::size_t refused = 0;
  for (std::size_t size = 0; size < plain->size(); ++size) {
    // A cut between two fields is a shorter valid message; its strings are then missing.
    if (!decode_pprof(std::string_view(*plain).substr(0, size)).ok()) ++refused;
  }
  EXPECT_GT(refused, plain->size() * 9 / 10);
}

TEST(DecodeTest, DamagedBytesNeverCrashAndNeverNameAnIndexOutOfRange) {
  const auto plain = gzip_decompress(*encode_pprof(small_profile()), 1 << 20);
  std::mt19937 random(3);
  std::size_t accepted = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string bytes = *plain;
    for (int flips = 0; flips < 1 + i % 4; ++flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const auto back = decode_pprof(bytes);
    if (!back) continue;
    ++accepted;
    EXPECT_TRUE(encode_pprof(*back).ok());
  }
  EXPECT_GT(accepted, 0U);
}

TEST(DecodeTest, MemoryIsBoundedByTheLimits) {
  const std::string bomb = *gzip_compress(std::string(1 << 22, '\0'));
  EXPECT_EQ(decode_pprof(bomb, {.max_bytes = 1 << 20}).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(decode_pprof(*encode_pprof(node_profile()), {.max_memory_bytes = 1 << 16}).error().code,
            ErrorCode::kOutOfRange);
  ForeignProfile profile = go_like();
  std::vector<std::uint64_t> deep(100'000, 5);
  profile.sample(deep, {1, 1});
  EXPECT_EQ(decode_pprof(profile.bytes(), {.max_memory_bytes = 1 << 18}).error().code,
            ErrorCode::kOutOfRange);
}

TEST(DecodeTest, OtherBytesAreNotAProfile) {
  for (const char* text : {"", "hello", "{\"json\": 1}", "\x1f\x8b",
                           "\x7f"
                           "ELF\x02\x01"}) {
    const auto back = decode_pprof(text);
    ASSERT_FALSE(back.ok()) << text;
    EXPECT_NE(back.error().message.find("byte "), std::string::npos) << back.error().message;
  }
}

}  // namespace
}  // namespace sonde
