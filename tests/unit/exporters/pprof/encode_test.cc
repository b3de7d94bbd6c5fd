// SPDX-License-Identifier: Apache-2.0
// The encoder's output read with the generated message, not with our own decoder.
#include "exporters/pprof/encode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "core/base/file.h"
#include "core/base/utf8.h"
#include "core/compress/gzip.h"
#include "exporters/pprof/decode.h"
#include "exporters/proto/pprof.pb.h"
#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

pprof::Profile parsed(const SymbolizedProfile& profile) {
  const auto bytes = encode_pprof(profile);
  EXPECT_TRUE(bytes.ok());
  const auto plain = gzip_decompress(*bytes, 1 << 24);
  EXPECT_TRUE(plain.ok());
  pprof::Profile out;
  EXPECT_TRUE(out.ParseFromString(*plain));
  return out;
}

std::map<std::string, std::string> labels(const pprof::Profile& profile, int sample) {
  std::map<std::string, std::string> out;
  for (const auto& label : profile.sample(sample).label()) {
    const std::string& key = profile.string_table(static_cast<int>(label.key()));
    out[key] = label.str() != 0 ? profile.string_table(static_cast<int>(label.str()))
                                : std::to_string(label.num());
  }
  return out;
}

TEST(EncodeTest, ValuesAreSamplesAndCpuNanoseconds) {
  const pprof::Profile profile = parsed(small_profile());
  ASSERT_EQ(profile.sample_type_size(), 2);
  const auto text = [&](std::int64_t i) { return profile.string_table(static_cast<int>(i)); };
  EXPECT_EQ(text(0), "");
  EXPECT_EQ(text(profile.sample_type(0).type()), "samples");
  EXPECT_EQ(text(profile.sample_type(0).unit()), "count");
  EXPECT_EQ(text(profile.sample_type(1).type()), "cpu");
  EXPECT_EQ(text(profile.sample_type(1).unit()), "nanoseconds");
  EXPECT_EQ(text(profile.period_type().type()), "cpu");
  EXPECT_EQ(text(profile.default_sample_type()), "cpu");
  EXPECT_EQ(profile.period(), 10'101'010);
  EXPECT_EQ(profile.time_nanos(), 1'749'810'120'000'000'000);
  std::int64_t samples = 0;
  for (const auto& sample : profile.sample()) {
    ASSERT_EQ(sample.value_size(), 2);
    samples += sample.value(0);
    EXPECT_EQ(sample.value(1), sample.value(0) * 10'101'010);
  }
  EXPECT_EQ(samples, 100);
}

TEST(EncodeTest, SamplesCarryProcessPidStopAndOrigin) {
  const pprof::Profile profile = parsed(small_profile());
  const std::map<std::string, std::string> whole = {
      {"process", "worker"}, {"pid", "1412"}, {"stop", "complete"}, {"origin", "own"}};
  EXPECT_EQ(labels(profile, 0), whole);
  const std::map<std::string, std::string> cut = {{"process", "other"},
                                                  {"pid", "2207"},
                                                  {"stop", "no_row"},
                                                  {"stop_image", "/srv/app/worker"},
                                                  {"origin", "unresolved"}};
  EXPECT_EQ(labels(profile, 3), cut);
}

TEST(EncodeTest, TheMainBinaryIsMappingOneAndAddressesLieInside) {
  const pprof::Profile profile = parsed(small_profile());
  const auto text = [&](std::int64_t i) { return profile.string_table(static_cast<int>(i)); };
  ASSERT_EQ(profile.mapping_size(), 3);
  EXPECT_EQ(text(profile.mapping(0).filename()), "/srv/app/worker");
  EXPECT_EQ(text(profile.mapping(0).build_id()), "5d1e00a07c");
  EXPECT_EQ(profile.mapping(0).memory_start(), 0U);
  EXPECT_EQ(text(profile.mapping(2).filename()), "[kernel.kallsyms]");
  for (const auto& location : profile.location()) {
    if (location.mapping_id() == 0) continue;
    const auto& mapping = profile.mapping(static_cast<int>(location.mapping_id()) - 1);
    EXPECT_GE(location.address(), mapping.memory_start());
    EXPECT_LT(location.address(), mapping.memory_limit());
  }
}

TEST(EncodeTest, IdsAreDenseAndSystemNamesKept) {
  const pprof::Profile profile = parsed(small_profile());
  bool seen = false;
  for (int i = 0; i < profile.function_size(); ++i) {
    const auto& function = profile.function(i);
    EXPECT_EQ(function.id(), static_cast<std::uint64_t>(i) + 1);
    if (profile.string_table(static_cast<int>(function.name())) != "app::spin(int)") continue;
    EXPECT_EQ(profile.string_table(static_cast<int>(function.system_name())), "_ZN3app4spinEi");
    seen = true;
  }
  EXPECT_TRUE(seen);
  for (int i = 0; i < profile.location_size(); ++i) {
    EXPECT_EQ(profile.location(i).id(), static_cast<std::uint64_t>(i) + 1);
  }
}

TEST(EncodeTest, EveryStringIsValidUtf8AndUnique) {
  const pprof::Profile profile = parsed(hostile_profile());
  std::set<std::string> seen;
  for (const std::string& text : profile.string_table()) {
    EXPECT_TRUE(is_valid_utf8(text));
    EXPECT_TRUE(seen.insert(text).second) << text;
  }
}

TEST(EncodeTest, EqualProfilesGiveEqualBytes) {
  EXPECT_EQ(*encode_pprof(small_profile()), *encode_pprof(small_profile()));
}

TEST(EncodeTest, AnEmptyProfileIsStillAProfile) {
  const pprof::Profile profile = parsed(SymbolizedProfile{});
  EXPECT_EQ(profile.sample_size(), 0);
  EXPECT_EQ(profile.sample_type_size(), 2);
}

TEST(EncodeTest, IndicesOutOfRangeAreRefused) {
  for (int which = 0; which < 4; ++which) {
    SymbolizedProfile profile = small_profile();
    if (which == 0) profile.stacks[0].frames[0] = 999;
    if (which == 1) profile.stacks[0].process = 999;
    if (which == 2) profile.frames[0].image = 999;
    if (which == 3) profile.frames[0].function = 999;
    EXPECT_EQ(encode_pprof(profile).error().code, ErrorCode::kInvalidArgument);
  }
}

// `go tool pprof` of the distribution reads what encode_pprof writes, and what it rewrites can be
// read back.
constexpr const char* kGo = "/usr/bin/go";

class GoPprofTest : public testing::Test {
 protected:
  void SetUp() override {
    struct stat info {};
    if (::stat(kGo, &info) != 0) GTEST_SKIP() << "needs " << kGo << " (package golang-go)";
    std::string folder = testing::TempDir() + "pprof-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override {
    if (!folder_.empty()) run("rm -rf " + folder_);
  }

  std::string write(const SymbolizedProfile& profile) {
    const std::string path = folder_ + "/cpu.pb.gz";
    EXPECT_TRUE(write_file_atomically(path, *encode_pprof(profile)).ok());
    return path;
  }

  // Output of a shell command; both streams.
  static std::string run(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>&1").c_str(), "re"),
                                                     ::pclose);
    std::string out;
    for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
      out += static_cast<char>(c);
    }
    return out;
  }
  std::string pprof(const std::string& arguments) {
    return run("cd " + folder_ + " && HOME=" + folder_ + " PPROF_TMPDIR=" + folder_ + " " + kGo +
               " tool pprof " + arguments);
  }

  std::string folder_;
};

TEST_F(GoPprofTest, TopShowsTheShares) {
  const std::string out = pprof("-top " + write(small_profile()));
  EXPECT_THAT(out, testing::HasSubstr("File: worker"));
  EXPECT_THAT(out, testing::HasSubstr("Build ID: 5d1e00a07c"));
  EXPECT_THAT(out, testing::HasSubstr("Type: cpu"));
  EXPECT_THAT(out, testing::HasSubstr("Total samples = 1010.10ms"));
  EXPECT_THAT(out, testing::ContainsRegex("606.06ms 60.00% .* app::spin"));
  EXPECT_THAT(out, testing::ContainsRegex("303.03ms 30.00%  __memmove_avx_unaligned_erms"));
}

TEST_F(GoPprofTest, TagsAndCommentsAreReadable) {
  const std::string path = write(small_profile());
  EXPECT_THAT(pprof("-tags " + path),
              testing::AllOf(testing::HasSubstr("no_row"), testing::HasSubstr("unresolved"),
                             testing::HasSubstr("kworker/0:1")));
  EXPECT_THAT(pprof("-comments " + path), testing::HasSubstr("lost.ring_full=1"));
  EXPECT_THAT(pprof("-top -tagfocus=stop=no_row " + path), testing::HasSubstr("worker+0x4f20"));
}

TEST_F(GoPprofTest, RawListsEverythingOfABigProfile) {
  const std::string out = pprof("-raw " + write(node_profile()));
  EXPECT_THAT(out, testing::HasSubstr("PeriodType: cpu nanoseconds"));
  EXPECT_THAT(out, testing::HasSubstr("samples/count cpu/nanoseconds[dflt]"));
  EXPECT_THAT(out, testing::HasSubstr("[kernel.kallsyms]"));
}

TEST_F(GoPprofTest, HostileNamesDoNotBreakTheTool) {
  EXPECT_THAT(pprof("-top " + write(hostile_profile())), testing::HasSubstr("owned"));
}

TEST_F(GoPprofTest, AProfileTheToolRewroteKeepsItsShares) {
  pprof("-proto -output=" + folder_ + "/again.pb.gz " + write(small_profile()));
  const auto bytes = read_file(folder_ + "/again.pb.gz", 1 << 20);
  ASSERT_TRUE(bytes.ok());
  const auto back = decode_pprof(*bytes);
  ASSERT_TRUE(back.ok()) << back.error().message;
  std::uint64_t samples = 0;
  std::uint64_t kernel_leaf = 0;
  for (const ProfileStack& stack : back->stacks) {
    samples += stack.samples;
    const Origin leaf = back->frames[stack.frames.front()].origin;
    if (leaf == Origin::kKernel) kernel_leaf += stack.samples;
  }
  EXPECT_EQ(samples, 100U);
  EXPECT_EQ(kernel_leaf, 14U);
  EXPECT_EQ(back->meta.host, "web-7");
}

}  // namespace
}  // namespace sonde
