// SPDX-License-Identifier: Apache-2.0
// From windows in a history and names beside it to a profile.
#include "agent/store/profile_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "agent/store/loss.h"
#include "core/model/frame_maker.h"
#include "core/model/reason.h"
#include "symbolizer/wire/reason.h"
#include "tests/support/read_history.h"

namespace sonde {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kProgram(64, 'a');
const std::string kLibrary(64, 'b');
const std::string kKernel(64, 'c');
const std::string kMadeCode(64, 'd');
const ImageIdentity kProgramFile{"/usr/bin/app", "5d1e", kProgram, false};
const ImageIdentity kLibraryFile{"/usr/lib/libc.so.6", "", kLibrary, false};

class ProfileReaderTest : public ReadHistoryTest {
 protected:
  ReadProfile read(const ProfileQuestion& question = {.selection = {kAllOfHistory, {}}},
                   MergeLimits limits = {}) {
    ProfileReader reader(*history_, *names_, *client_, limits);
    auto read = reader.read(question);
    EXPECT_TRUE(read.ok()) << read.error().message;
    return read ? std::move(*read) : ReadProfile{};
  }
  // `leaf;caller@image` with the origin's first letter, and the reason where there is no name.
  static std::string text_of(const SymbolizedProfile& profile, const ProfileStack& stack) {
    std::string out;
    for (const std::uint32_t at : stack.frames) {
      const ProfileFrame& frame = profile.frames.at(at);
      out += (out.empty() ? "" : ";") + profile.functions.at(frame.function).name + "@" +
             profile.images.at(frame.image).path + " " + to_string(frame.origin)[0] +
             (frame.reason.empty() ? "" : "(" + frame.reason + ")");
    }
    return out;
  }
  static std::vector<std::string> texts(const SymbolizedProfile& profile) {
    std::vector<std::string> out;
    for (const ProfileStack& stack : profile.stacks) out.push_back(text_of(profile, stack));
    return out;
  }
  // Of a window with one process and one stack of one frame.
  std::string frame_text(FrameWord word, const ImageIdentity& image = kProgramFile,
                         const std::string& kernel = kKernel) {
    WindowBuilder window(0);
    const ImageId file = window.image(image);
    const ImageId made = window.image({"[jit]", "", kMadeCode, false});
    const std::uint32_t process =
        window.process(7, {{"process", "app"}}, file, static_cast<std::uint32_t>(made));
    window.window().kernel_content = kernel;
    window.stack(process, {word});
    const ClosedWindow open = window.done();
    const ReadProfile got =
        read({.selection = {kAllOfHistory, {}}, .before = {}, .open = {&open, 1}});
    return got.profile.stacks.size() == 1 ? texts(got.profile).front() : "no stack";
  }
};

TEST_F(ProfileReaderTest, FramesOfFilesHaveTheNamesThatWereKept) {
  add_name(kProgram, 0x100, {"app::main()", "_ZN3app4mainEv", 0xf0});
  add_name(kLibrary, 0x200, {"memcpy", "memcpy", 0x200});
  add_name(kLibrary, 0x300, {"", "no_symbols", 0x2f0});
  WindowBuilder window(0);
  const ImageId program = window.image(kProgramFile);
  const ImageId library = window.image(kLibraryFile);
  const std::uint32_t process = window.process(7, {{"process", "app"}}, program);
  window.stack(process,
               {with_image(0x200, library), with_image(0x300 | SONDE_IMAGE_FP, library),
                with_image(0x100, program)},
               3, SONDE_STOP_NO_ROW, library);
  history_->add(window.done());
  const ReadProfile got = read();
  ASSERT_THAT(texts(got.profile),
              ElementsAre("memcpy@/usr/lib/libc.so.6 l;libc.so.6+0x2f0@/usr/lib/libc.so.6 "
                          "u(no_symbols);app::main()@/usr/bin/app o"));
  const ProfileStack& stack = got.profile.stacks.front();
  EXPECT_EQ(stack.samples, 3U);
  EXPECT_EQ(stack.cpu_ns, 3 * kTickNs);
  EXPECT_EQ(got.profile.images.at(stack.stop_image).path, "/usr/lib/libc.so.6");
  const ProfileFrame& by_pointer = got.profile.frames.at(stack.frames.at(1));
  EXPECT_TRUE(by_pointer.fp_step);
  EXPECT_EQ(by_pointer.address, 0x300U);
  const ProfileFrame& main = got.profile.frames.at(stack.frames.at(2));
  EXPECT_EQ(got.profile.functions.at(main.function).system_name, "_ZN3app4mainEv");
  EXPECT_EQ(got.profile.images.at(main.image).build_id, "5d1e");
  EXPECT_THAT(got.errors, IsEmpty());
}

TEST_F(ProfileReaderTest, KernelFramesAreOfTheKernelOrOfAModule) {
  const std::uint64_t pc = 0xffffffff81000010;
  add_name(kKernel, pc, {"schedule", "", pc - 0x10});
  add_name(kKernel, pc + 1, {"ext4_read", "[ext4]", pc});
  EXPECT_EQ(frame_text(SONDE_KERNEL_FRAME(pc)), "schedule@[kernel.kallsyms] k");
  EXPECT_EQ(frame_text(SONDE_KERNEL_FRAME(pc + 1)), "ext4_read@[ext4] k");
  EXPECT_EQ(frame_text(SONDE_KERNEL_FRAME(pc), kProgramFile, ""),
            "[kernel]+0xffffffff81000010@[kernel.kallsyms] u(kallsyms_restricted)");
}

TEST_F(ProfileReaderTest, CodeMadeAtRunTimeIsNamedByItsProcess) {
  const FrameWord made = kUnknownCode | kAnonymousCode;
  add_name(kMadeCode, 0x7f0000001000, {"lua::loop", "", 0x7f0000001000});
  add_name(kMadeCode, 0x7f0000002000, {"", "code_map_stale", 0x7f0000002000});
  EXPECT_EQ(frame_text(made | 0x7f0000001000), "lua::loop@[jit] o");
  EXPECT_EQ(frame_text(made | 0x7f0000002000), "[anonymous code]@[anonymous] u(code_map_stale)");
  EXPECT_EQ(frame_text(made | (0xffffffffff600400 & SONDE_USER_PC_MASK)),
            "[vsyscall]@[vsyscall] l");
}

TEST_F(ProfileReaderTest, AnAddressWithoutCodeSaysSo) {
  EXPECT_EQ(frame_text(kUnknownCode | 0x1234), "[unknown code]@[unknown] u(no_range)");
  EXPECT_EQ(frame_text(SONDE_TAG_SPECIAL << SONDE_TAG_SHIFT),
            "[unknown code]@[unknown] u(no_range)")
      << "a stack without a frame gets one";
}

TEST_F(ProfileReaderTest, CodeWhoseNamesWereNotKeptSaysSo) {
  const std::string reason(to_string(CodeReason::kNameNotKept));
  EXPECT_EQ(frame_text(with_image(0x100, ImageId{1})), "app+0x100@/usr/bin/app u(" + reason + ")");
  EXPECT_EQ(frame_text(with_image(0x100, ImageId{1}), {"/usr/bin/app", "", "", false}),
            "app+0x100@/usr/bin/app u(unreadable)")
      << "a file that could not be opened when it was sampled";
}

TEST_F(ProfileReaderTest, EqualStacksOfWindowsAreOneWhateverTheirImagesNumbers) {
  add_name(kProgram, 0x100, {"work", "", 0x100});
  for (std::uint64_t number = 0; number < 3; ++number) {
    WindowBuilder window(number);
    if (number == 1) window.image(kLibraryFile);
    const ImageId program = window.image(kProgramFile);
    const std::uint32_t process =
        window.process(static_cast<std::uint32_t>(20 - number), {{"process", "app"}}, program);
    window.stack(process, {with_image(0x100, program)}, 10 + number);
    window.meta().lost["ring_full"] = 2;
    window.meta().notes = {{"images", 5 - number}, {"rescans", 1}};
    window.meta().rate_hz = number == 2 ? 5 : 19;
    window.meta().cost = {.cpu_seconds = 0.5, .rss_peak_bytes = 100 + number};
    history_->add(window.done(100));
  }
  const ReadProfile got = read();
  ASSERT_EQ(got.profile.stacks.size(), 1U);
  EXPECT_EQ(got.profile.stacks.front().samples, 33U);
  ASSERT_EQ(got.groups.size(), 1U);
  EXPECT_THAT(got.groups.front().pids, ElementsAre(18, 19, 20));
  EXPECT_EQ(got.profile.processes.front().pid, 18U);
  EXPECT_EQ(got.profile.processes.front().name, "app");
  const ProfileMeta& meta = got.profile.meta;
  EXPECT_EQ(meta.begin_ns, kBeginNs);
  EXPECT_EQ(meta.duration_ns, 3 * kTenSeconds);
  EXPECT_EQ(meta.ticks.idle, 300U);
  EXPECT_EQ(meta.ticks.emitted, 33U);
  EXPECT_EQ(meta.lost.at("ring_full"), 6U);
  EXPECT_EQ(meta.notes.at("images"), 5U) << "how many there are has no sum";
  EXPECT_EQ(meta.notes.at("rescans"), 3U);
  EXPECT_EQ(meta.cost.cpu_seconds, 1.5);
  EXPECT_EQ(meta.cost.rss_peak_bytes, 102U);
  EXPECT_THAT(got.side.rates, ElementsAre(19, 5));
  EXPECT_EQ(got.side.windows, 3U);
  EXPECT_EQ(got.side.unaccounted, 0U);
}

TEST_F(ProfileReaderTest, TargetsAreChosenAndGroupedByTheirLabels) {
  WindowBuilder window(0);
  const auto one = window.process(1, {{"process", "web"}, {"pod", "a"}});
  const auto two = window.process(2, {{"process", "web"}, {"pod", "b"}});
  const auto three = window.process(3, {{"process", "cron"}});
  window.stack(one, {SONDE_KERNEL_FRAME(1)}, 5);
  window.stack(two, {SONDE_KERNEL_FRAME(1)}, 6);
  window.stack(three, {SONDE_KERNEL_FRAME(1)}, 7);
  history_->add(window.done());
  const auto values = [&](const ProfileQuestion& question) {
    std::map<std::vector<std::string>, std::uint64_t> out;
    const ReadProfile got = read(question);
    for (const ProfileStack& stack : got.profile.stacks) {
      out[got.groups.at(stack.process).values] += stack.samples;
    }
    return out;
  };
  using Sums = std::map<std::vector<std::string>, std::uint64_t>;
  EXPECT_EQ(values({.selection = {kAllOfHistory, {}}}), (Sums{{{"web"}, 11}, {{"cron"}, 7}}));
  EXPECT_EQ(
      values({.selection = {kAllOfHistory, {}}, .before = {}, .group_by = {"pod", "process"}}),
      (Sums{{{"a", "web"}, 5}, {{"b", "web"}, 6}, {{"", "cron"}, 7}}));
  EXPECT_EQ(values({.selection = {kAllOfHistory, *parse_selector(R"({process="web",pod!="a"})")},
                    .before = {},
                    .group_by = {}}),
            (Sums{{{}, 6}}));
  const ReadProfile some =
      read({.selection = {kAllOfHistory, *parse_selector(R"({process="web"})")}});
  EXPECT_EQ(some.side.unaccounted, 0U) << "the books are of all samples";
}

TEST_F(ProfileReaderTest, TwoRangesShareTheirStacks) {
  for (std::uint64_t number = 0; number < 4; ++number) {
    WindowBuilder window(number);
    const auto process = window.process(1, {{"process", "web"}});
    window.stack(process, {SONDE_KERNEL_FRAME(1)}, 10);
    window.stack(process, {SONDE_KERNEL_FRAME(2 + number / 2)}, 1);
    history_->add(window.done());
  }
  const HistoryRange before{kBeginNs, kBeginNs + 2 * kTenSeconds};
  const HistoryRange after{kBeginNs + 2 * kTenSeconds, kBeginNs + 4 * kTenSeconds};
  const ReadProfile got = read({.selection = {after, {}}, .before = before});
  ASSERT_TRUE(got.before.has_value());
  ASSERT_EQ(got.before->stacks.size(), 2U);
  ASSERT_EQ(got.profile.stacks.size(), 2U);
  EXPECT_EQ(got.before->meta.begin_ns, kBeginNs);
  EXPECT_EQ(got.profile.meta.begin_ns, after.begin_ns);
  EXPECT_EQ(got.before->stacks[0].samples, 20U);
  EXPECT_EQ(got.before->stacks[0].frames, got.profile.stacks[0].frames) << "in both";
  EXPECT_NE(got.before->stacks[1].frames, got.profile.stacks[1].frames);
}

TEST_F(ProfileReaderTest, TheOpenWindowCountsWhereItBegins) {
  history_->add(closed_window_of("app", 0));
  const std::vector<ClosedWindow> open{closed_window_of("app", 1, 7)};
  const auto samples = [&](std::uint64_t end, std::span<const ClosedWindow> windows) {
    std::uint64_t sum = 0;
    const ReadProfile got =
        read({.selection = {{kBeginNs, kBeginNs + end}, {}}, .before = {}, .open = windows});
    for (const ProfileStack& stack : got.profile.stacks) sum += stack.samples;
    return sum;
  };
  EXPECT_EQ(samples(2 * kTenSeconds, {}), 10U);
  EXPECT_EQ(samples(2 * kTenSeconds, open), 17U);
  EXPECT_EQ(samples(kTenSeconds, open), 10U) << "it begins where the range ends";
}

TEST_F(ProfileReaderTest, WhatIsPastTheLimitsIsCounted) {
  WindowBuilder window(0);
  const auto process = window.process(1, {{"process", "web"}});
  for (std::uint64_t i = 0; i < 10; ++i) window.stack(process, {SONDE_KERNEL_FRAME(i)}, i + 1);
  history_->add(window.done());
  const ProfileQuestion all{.selection = {kAllOfHistory, {}}};
  for (const MergeLimits& limits :
       {MergeLimits{.stacks = 8}, MergeLimits{.frames = 8}, MergeLimits{.stack_frames = 8}}) {
    const ReadProfile got = read(all, limits);
    EXPECT_EQ(got.profile.stacks.size(), 8U);
    EXPECT_EQ(got.profile.meta.lost.at("read_limit"), 9U + 10);
    EXPECT_EQ(got.side.unaccounted, 0U) << "they are stored";
  }
  EXPECT_EQ(read(all).profile.meta.lost.contains("read_limit"), false);
}

TEST_F(ProfileReaderTest, WindowsThatCannotBeReadAreSaidAndTheRestIsThere) {
  history_->add(closed_window_of("app", 0));
  history_->add(closed_window_of("app", 1));
  history_->sync();
  const auto windows = history_->windows(kAllOfHistory);
  ASSERT_EQ(windows->size(), 2U);
  const auto place = windows->at(0).place;
  ASSERT_TRUE(place.has_value());
  for (const auto& file : std::filesystem::recursive_directory_iterator(base_.path() / "history")) {
    if (file.path().extension() == ".db" || !file.is_regular_file()) continue;
    if (file.file_size() < place->offset + 60) continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(place->offset + 50));
    bytes.write("damage", 6);
  }
  const ReadProfile got = read();
  ASSERT_EQ(got.errors.size(), 1U);
  EXPECT_THAT(got.errors.front(), HasSubstr("1 of 2 windows could not be read: "));
  ASSERT_EQ(got.profile.stacks.size(), 1U);
  EXPECT_EQ(got.profile.stacks.front().samples, 10U);
}

TEST_F(ProfileReaderTest, WhatTakesTooLongEnds) {
  history_->add(closed_window_of("app", 0));
  ProfileReader reader(*history_, *names_, *client_);
  ProfileQuestion question{.selection = {kAllOfHistory, {}}};
  question.deadline = std::chrono::steady_clock::now();
  const auto got = reader.read(question);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_THAT(got.error().message, HasSubstr("read 0 of 1 windows"));
}

}  // namespace
}  // namespace sonde
