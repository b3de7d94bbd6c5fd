// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sample_profile.h"

#include <algorithm>
#include <random>
#include <utility>

namespace sonde {

std::uint32_t ProfileMaker::image(std::string_view path, std::string_view build_id) {
  const auto [at, fresh] =
      images_.try_emplace(std::string(path), static_cast<std::uint32_t>(profile.images.size()));
  if (fresh) profile.images.push_back({std::string(path), std::string(build_id)});
  return at->second;
}

std::uint32_t ProfileMaker::process(std::uint32_t pid, std::string_view name) {
  const auto [at, fresh] =
      processes_.try_emplace(pid, static_cast<std::uint32_t>(profile.processes.size()));
  if (fresh) profile.processes.push_back({pid, std::string(name)});
  return at->second;
}

std::uint32_t ProfileMaker::frame(std::string_view function, std::uint32_t image, Origin origin,
                                  std::string_view reason, bool fp_step) {
  const auto count = static_cast<std::uint32_t>(profile.frames.size());
  const auto [at, fresh] = frames_.try_emplace({std::string(function), image, origin}, count);
  if (!fresh) return at->second;
  ProfileFrame frame;
  frame.function = static_cast<std::uint32_t>(profile.functions.size());
  frame.image = image;
  frame.origin = origin;
  frame.fp_step = fp_step;
  frame.reason = reason;
  frame.address = (origin == Origin::kKernel ? 0xffffffff81000000U : 0x1000U) + 0x40ULL * count;
  profile.functions.push_back({std::string(function), {}});
  profile.frames.push_back(std::move(frame));
  return count;
}

ProfileStack& ProfileMaker::stack(std::uint32_t process, std::vector<std::uint32_t> frames,
                                  std::uint64_t samples) {
  ProfileStack out;
  out.process = process;
  out.frames = std::move(frames);
  out.samples = samples;
  out.cpu_ns = samples * period_ns;
  return profile.stacks.emplace_back(std::move(out));
}

SymbolizedProfile small_profile() {
  ProfileMaker maker;
  const auto app = maker.image("/srv/app/worker", "5d1e00a07c");
  const auto libc = maker.image("/lib/x86_64-linux-gnu/libc.so.6", "abcdef0123");
  const auto kernel = maker.image("[kernel.kallsyms]", "00ff00ff");
  const auto worker = maker.process(1412, "worker");
  const auto other = maker.process(2207, "other");
  const auto thread = maker.process(17, "kworker/0:1");
  const auto start = maker.frame("_start", app, Origin::kOwn);
  const auto entry = maker.frame("__libc_start_main", libc, Origin::kLibrary);
  const auto main = maker.frame("main", app, Origin::kOwn);
  const auto spin = maker.frame("app::spin(int)", app, Origin::kOwn);
  const auto copy = maker.frame("copy", app, Origin::kOwn, {}, true);
  const auto memmove = maker.frame("__memmove_avx_unaligned_erms", libc, Origin::kLibrary);
  const auto fault = maker.frame("do_user_addr_fault", kernel, Origin::kKernel);
  const auto unnamed = maker.frame("worker+0x4f20", app, Origin::kUnresolved, "no_symbol");
  const auto jit = maker.frame("LazyCompile:*handle", 0, Origin::kJit);
  const auto kthread = maker.frame("worker_thread", kernel, Origin::kKernel);
  maker.profile.functions[maker.profile.frames[spin].function].system_name = "_ZN3app4spinEi";
  maker.stack(worker, {spin, main, entry, start}, 60);
  maker.stack(worker, {memmove, copy, main, entry, start}, 20);
  maker.stack(other, {fault, memmove, copy, main, entry, start}, 10);
  ProfileStack& cut = maker.stack(other, {unnamed, jit}, 6);
  cut.stop = SONDE_STOP_NO_ROW;
  cut.stop_image = app;
  maker.stack(thread, {kthread}, 4).stop = SONDE_STOP_KERNEL_ONLY;

  ProfileMeta& meta = maker.profile.meta;
  meta.host = "web-7";
  meta.kernel = "6.1.0-test";
  meta.version = "0.1.0";
  meta.cpu_count = 2;
  meta.rate_hz = 99;
  meta.begin_ns = 1'749'810'120'000'000'000U;
  meta.duration_ns = 1'010'101'000U;
  meta.cgroup_mode = "v2";
  meta.ticks = {.expected = 200,
                .missed = 3,
                .run = 197,
                .idle = 90,
                .filtered = 4,
                .thinned = 1,
                .emitted = 101};
  meta.lost = {{"missed", 3}, {"ring_full", 1}};
  meta.notes = {{"rows_unsupported", 7}};
  meta.cost = {.cpu_seconds = 0.0625,
               .bpf_seconds = 0.001953125,
               .rss_peak_bytes = 31 << 20,
               .kernel_map_bytes = 16 << 20,
               .bpf_ns_per_sample = 1040};
  return std::move(maker.profile);
}

SymbolizedProfile large_profile(std::size_t nodes) {
  constexpr std::size_t kDepth = 40;
  constexpr std::size_t kImages = 300;
  constexpr std::size_t kFunctions = 18'000;
  SymbolizedProfile out;
  out.meta.host = "large";
  out.meta.rate_hz = 19;
  out.processes.push_back({1, "large"});
  for (std::size_t i = 1; i <= kImages; ++i) {
    out.images.push_back({"/usr/lib/lib" + std::to_string(i) + ".so", {}});
  }
  for (std::size_t i = 0; i < kFunctions; ++i) {
    out.functions.push_back({"ns::Type" + std::to_string(i % 97) + "::function_" +
                                 std::to_string(i) + "(std::vector<int>)",
                             {}});
    ProfileFrame frame;
    frame.function = static_cast<std::uint32_t>(i + 1);
    frame.image = static_cast<std::uint32_t>(i % kImages + 1);
    frame.origin = static_cast<Origin>(i % 4 + 1);
    frame.address = i;
    out.frames.push_back(std::move(frame));
  }
  std::mt19937 random(7);
  std::vector<std::uint32_t> path;  // root first
  for (std::size_t made = 0; made < nodes;) {
    const std::size_t keep = path.empty() ? 0 : random() % std::min(path.size(), kDepth - 1);
    path.resize(keep);
    const std::size_t fresh = std::min<std::size_t>(1 + random() % 4, kDepth - keep);
    for (std::size_t i = 0; i < fresh; ++i) {
      path.push_back(static_cast<std::uint32_t>(random() % kFunctions));
    }
    made += fresh;
    ProfileStack stack;
    stack.frames.assign(path.rbegin(), path.rend());
    stack.samples = 1 + random() % 9;
    stack.cpu_ns = stack.samples * 52'631'578;
    out.stacks.push_back(std::move(stack));
  }
  return out;
}

const std::vector<std::string>& hostile_names() {
  static const std::vector<std::string> kNames = {
      "<script>document.title='owned'</script>",
      "\"><img src=x onerror=\"document.title='owned'\">",
      "</script><script>document.title='owned'</script>",
      "</text><script>document.title='owned'</script>",
      "]]><script>document.title='owned'</script>",
      "<!--<script>",
      "a;b c\nnew;line 5",
      "quote\" apostrophe' back\\slash & amp; &lt;",
      "\x1b[31mred\x1b[0m \x1b]0;title\x07",
      std::string("nul\0inside", 10),
      "c1 \xc2\x9b"
      "31m del \x7f",
      "bidi \xe2\x80\xae"
      "evil \xe2\x81\xa6 iso \xd8\x9c",
      "zero\xe2\x80\x8bwidth \xef\xbb\xbf bom",
      "sep \xe2\x80\xa8 para \xe2\x80\xa9",
      "surrogate \xed\xa0\x80 overlong \xc0\xaf bad \xff\xfe",
      "noncharacter \xef\xbf\xbe \xef\xbf\xbf",
      "=cmd|' /C calc'!A0",
      std::string(6000, 'x') + "::tail",
      "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",  // Hebrew, an honest name
      "",
  };
  return kNames;
}

SymbolizedProfile hostile_profile() {
  ProfileMaker maker;
  const std::vector<std::string>& names = hostile_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto image = maker.image("/tmp/" + names[i], names[i].substr(0, 40));
    const auto process = maker.process(static_cast<std::uint32_t>(100 + i), names[i]);
    const auto frame = maker.frame(names[i], image, Origin::kOwn);
    maker.stack(process, {frame}, 10);
  }
  maker.profile.meta.host = names[0];
  maker.profile.meta.kernel = names[1];
  maker.profile.meta.version = names[2];
  maker.profile.meta.rate_hz = 99;
  maker.profile.meta.lost[names[1]] = 2;
  return std::move(maker.profile);
}

}  // namespace sonde
