// SPDX-License-Identifier: Apache-2.0
// `go tool pprof` of the distribution reads what encode_pprof writes, and what it rewrites can be
// read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "core/base/file.h"
#include "exporters/pprof/decode.h"
#include "exporters/pprof/encode.h"
#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

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
