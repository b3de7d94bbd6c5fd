// SPDX-License-Identifier: Apache-2.0
// Over the real worker; the file is this program, and copies of it.
#include "agent/store/late_names.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "agent/store/image_content.h"
#include "agent/store/profile_reader.h"
#include "tests/support/own_code.h"
#include "tests/support/read_history.h"

namespace sonde {
namespace {

// A function of this program that has a name in its symbols.
[[gnu::noinline]] void sampled_function() { asm volatile("nop"); }

class LateNamesTest : public ReadHistoryTest {
 protected:
  void SetUp() override {
    ReadHistoryTest::SetUp();
    path_ = base_.path() / "program";
    std::filesystem::copy_file("/proc/self/exe", path_);
    offset_ = own_file_offset(reinterpret_cast<const void*>(&sampled_function));
    image_ = {path_, "", content_of(path_), false};
    late_ = std::make_unique<LateNames>(*names_, *client_);
  }
  std::string content_of(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto info = client_->describe(file.get());
    EXPECT_TRUE(info.ok());
    return info ? *image_content(file.get(), *info) : "";
  }
  bool ask(std::uint64_t now_ns, const std::vector<std::uint32_t>& pids = {}) {
    return late_->ask(image_, pids, std::span(&offset_, 1), now_ns);
  }
  std::string name() {
    const ImageNames kept = names_->names(image_.content);
    const StoredFunction* found = kept.find(offset_);
    return found == nullptr ? "none" : found->name;
  }

  std::string path_;
  ImageIdentity image_;
  std::uint64_t offset_ = 0;
  std::unique_ptr<LateNames> late_;
};

TEST_F(LateNamesTest, AFileThatIsStillThereIsAskedAgainButNotAllTheTime) {
  add_name(image_.content, offset_, {"", "no_symbols", offset_});
  EXPECT_TRUE(ask(1));
  EXPECT_NE(name().find("sampled_function"), std::string::npos) << name();
  EXPECT_FALSE(ask(LateNames::kAgainAfterNs));
  EXPECT_TRUE(ask(LateNames::kAgainAfterNs + 1));
}

TEST_F(LateNamesTest, ReadingAProfileAsksAgain) {
  add_name(image_.content, offset_, {"", "no_symbols", offset_});
  WindowBuilder window(0);
  const ImageId image = window.image(image_);
  window.stack(window.process(1, {{"process", "app"}}, image), {with_image(offset_, image)});
  history_->add(window.done());
  ProfileReader reader(*history_, *names_, *client_);
  const auto got = reader.read({.selection = {kAllOfHistory, {}}});
  ASSERT_TRUE(got.ok());
  const ProfileFrame& frame = got->profile.frames.at(0);
  EXPECT_NE(got->profile.functions.at(frame.function).name.find("sampled_function"),
            std::string::npos);
  EXPECT_EQ(frame.origin, Origin::kOwn);
  const std::uint64_t asked = client_->counters().requests;
  ASSERT_TRUE(reader.read({.selection = {kAllOfHistory, {}}}).ok());
  EXPECT_EQ(client_->counters().requests, asked) << "all of it has a name now";
}

TEST_F(LateNamesTest, AFileThatOnlyItsProcessSeesIsAskedThere) {
  const std::filesystem::path proc = base_.path() / "proc";
  const auto opt_of = [&](const char* pid) { return proc / pid / "root" / "opt"; };
  for (const char* pid : {"71", "72"}) std::filesystem::create_directories(opt_of(pid));
  std::filesystem::rename(path_, opt_of("72") / "program");
  image_ = {"/opt/program", "", content_of(opt_of("72") / "program"), false};
  std::filesystem::copy_file("/proc/self/exe", opt_of("71") / "program");
  late_ = std::make_unique<LateNames>(*names_, *client_, proc);
  EXPECT_FALSE(ask(1, {70, 71})) << "one is gone, the other has another file there";
  EXPECT_EQ(name(), "none");
  EXPECT_TRUE(ask(1 + LateNames::kAgainAfterNs, {70, 71, 72}));
  EXPECT_NE(name().find("sampled_function"), std::string::npos) << name();
}

TEST_F(LateNamesTest, AFileThatChangedIsNotAsked) {
  ::chmod(path_.c_str(), 0500);
  EXPECT_FALSE(ask(1));
  EXPECT_EQ(name(), "none");
}

TEST_F(LateNamesTest, AnotherFileAtItsPathIsNotAsked) {
  std::filesystem::copy_file("/proc/self/exe", path_ + "-new");
  std::filesystem::rename(path_ + "-new", path_);
  EXPECT_FALSE(ask(1));
}

TEST_F(LateNamesTest, WhatIsNoFileOfTheHostIsNotOpened) {
  for (const char* path : {"[vdso]", "", "relative/path", "/dev/null", "/"}) {
    image_.path = path;
    EXPECT_FALSE(ask(1)) << path;
  }
  const std::string pipe = base_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  image_.path = pipe;
  EXPECT_FALSE(ask(LateNames::kAgainAfterNs + 1)) << "and nothing waits for its writer";
  image_.path = path_;
  image_.deleted = true;
  EXPECT_FALSE(ask(3 * LateNames::kAgainAfterNs));
}

}  // namespace
}  // namespace sonde
