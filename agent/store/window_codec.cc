// SPDX-License-Identifier: Apache-2.0
#include "agent/store/window_codec.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/byte_codec.h"

namespace sonde {
namespace {

constexpr char kVersion = 1;
constexpr std::uint64_t kMaxU32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMaxU16 = std::numeric_limits<std::uint16_t>::max();

// Of what decode_window() believes. Aggregators make less.
constexpr std::uint64_t kMaxItems = std::uint64_t{1} << 20;        // images, targets, stacks, ...
constexpr std::uint64_t kMaxFrameWords = std::uint64_t{1} << 25U;  // distinct; and of all stacks

enum class Section : std::uint64_t {
  kMeta = 1,
  kImages = 2,
  kTargets = 3,
  kProcesses = 4,
  kFrames = 5,
  kStacks = 6,
  kCharges = 7,  // of windows that have them
};

using Counts = std::map<std::string, std::uint64_t>;

void write_counts(ByteWriter& out, const Counts& counts) {
  out.number(counts.size());
  for (const auto& [name, count] : counts) {
    out.text(name);
    out.number(count);
  }
}

Counts read_counts(ByteReader& in) {
  Counts counts;
  for (std::uint64_t left = in.count(kMaxItems); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    counts[std::move(name)] = in.number();
  }
  return counts;
}

std::string meta_bytes(const ClosedWindow& window) {
  const ProfileMeta& meta = window.meta;
  ByteWriter out;
  for (const std::string* text : {&meta.host, &meta.kernel, &meta.version, &meta.cgroup_mode,
                                  &window.boot_id, &window.kernel_content}) {
    out.text(*text);
  }
  const TickLedger& ticks = meta.ticks;
  for (const std::uint64_t number :
       {std::uint64_t{meta.cpu_count}, std::uint64_t{meta.rate_hz}, meta.begin_ns, meta.duration_ns,
        ticks.expected, ticks.missed, ticks.run, ticks.idle, ticks.filtered, ticks.thinned,
        ticks.emitted, meta.cost.rss_peak_bytes, meta.cost.kernel_map_bytes,
        meta.cost.bpf_ns_per_sample}) {
    out.number(number);
  }
  out.real(meta.cost.cpu_seconds);
  out.real(meta.cost.bpf_seconds);
  write_counts(out, meta.lost);
  write_counts(out, meta.notes);
  return out.take();
}

void read_meta(ByteReader& in, ClosedWindow& window) {
  ProfileMeta& meta = window.meta;
  for (std::string* text : {&meta.host, &meta.kernel, &meta.version, &meta.cgroup_mode,
                            &window.boot_id, &window.kernel_content}) {
    *text = in.text();
  }
  meta.cpu_count = static_cast<std::uint32_t>(in.number_to(kMaxU32));
  meta.rate_hz = static_cast<std::uint32_t>(in.number_to(kMaxU32));
  TickLedger& ticks = meta.ticks;
  for (std::uint64_t* number :
       {&meta.begin_ns, &meta.duration_ns, &ticks.expected, &ticks.missed, &ticks.run, &ticks.idle,
        &ticks.filtered, &ticks.thinned, &ticks.emitted, &meta.cost.rss_peak_bytes,
        &meta.cost.kernel_map_bytes, &meta.cost.bpf_ns_per_sample}) {
    *number = in.number();
  }
  meta.cost.cpu_seconds = in.real();
  meta.cost.bpf_seconds = in.real();
  meta.lost = read_counts(in);
  meta.notes = read_counts(in);
}

// Without [0], which every window has.
std::string image_bytes(const std::vector<ImageIdentity>& images) {
  ByteWriter out;
  out.number(images.size() - 1);
  for (std::size_t i = 1; i < images.size(); ++i) {
    out.text(images[i].path);
    out.text(images[i].build_id);
    out.text(images[i].content);
    out.number(images[i].deleted ? 1 : 0);
  }
  return out.take();
}

void read_images(ByteReader& in, std::vector<ImageIdentity>& images) {
  for (std::uint64_t left = in.count(kMaxItems); left > 0 && in.ok(); --left) {
    ImageIdentity& image = images.emplace_back();
    image.path = in.text();
    image.build_id = in.text();
    image.content = in.text();
    image.deleted = in.number() != 0;
  }
}

std::string target_bytes(const std::vector<Labels>& targets) {
  ByteWriter out;
  out.number(targets.size());
  for (const Labels& labels : targets) {
    out.number(labels.size());
    for (const auto& [name, value] : labels) {
      out.text(name);
      out.text(value);
    }
  }
  return out.take();
}

void read_targets(ByteReader& in, std::vector<Labels>& targets) {
  for (std::uint64_t left = in.count(kMaxItems); left > 0 && in.ok(); --left) {
    Labels& labels = targets.emplace_back();
    for (std::uint64_t more = in.count(kMaxItems); more > 0 && in.ok(); --more) {
      std::string name(in.text());
      labels[std::move(name)] = in.text();
    }
  }
}

std::string process_bytes(const ClosedWindow& window) {
  ByteWriter out;
  const std::vector<WindowProcess>& processes = window.window.processes;
  out.number(processes.size());
  for (std::size_t i = 0; i < processes.size(); ++i) {
    out.number(processes[i].tgid);
    out.number(processes[i].start_ticks);
    out.text(processes[i].name);
    out.number(static_cast<std::uint64_t>(processes[i].executable));
    out.number(window.target_of_process[i]);
    out.number(window.made_code_of_process[i]);
  }
  return out.take();
}

// An index below `size`.
std::uint32_t read_index(ByteReader& in, std::size_t size) {
  if (size == 0) in.fail();
  return static_cast<std::uint32_t>(in.number_to(size - 1));
}

void read_processes(ByteReader& in, ClosedWindow& window) {
  for (std::uint64_t left = in.count(kMaxItems); left > 0 && in.ok(); --left) {
    WindowProcess& process = window.window.processes.emplace_back();
    process.tgid = static_cast<std::uint32_t>(in.number_to(kMaxU32));
    process.start_ticks = in.number();
    process.name = in.text();
    process.executable = static_cast<ImageId>(read_index(in, window.images.size()));
    window.target_of_process.push_back(read_index(in, window.targets.size()));
    window.made_code_of_process.push_back(read_index(in, window.images.size()));
  }
}

// Every frame word of the window once, sorted.
std::vector<FrameWord> frame_table(const std::vector<WindowStack>& stacks) {
  std::vector<FrameWord> words;
  for (const WindowStack& stack : stacks) {
    words.insert(words.end(), stack.frames.begin(), stack.frames.end());
  }
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
  return words;
}

std::string frame_bytes(const std::vector<FrameWord>& table) {
  ByteWriter out;
  out.number(table.size());
  FrameWord last = 0;
  for (const FrameWord word : table) out.number(word - std::exchange(last, word));
  return out.take();
}

std::vector<FrameWord> read_frames(ByteReader& in) {
  std::vector<FrameWord> table(in.count(kMaxFrameWords));
  FrameWord last = 0;
  for (FrameWord& word : table) word = last += in.number();
  return table;
}

std::string stack_bytes(const std::vector<WindowStack>& stacks,
                        const std::vector<FrameWord>& table) {
  ByteWriter out;
  out.number(stacks.size());
  for (const WindowStack& stack : stacks) {
    out.number(stack.process);
    out.number(stack.stop);
    out.number(static_cast<std::uint64_t>(stack.stop_image));
    out.number(stack.samples);
    out.number(stack.cpu_ns);
    out.number(stack.frames.size());
    for (const FrameWord word : stack.frames) {
      out.number(static_cast<std::uint64_t>(std::ranges::lower_bound(table, word) - table.begin()));
    }
  }
  return out.take();
}

void read_stacks(ByteReader& in, const std::vector<FrameWord>& table, ClosedWindow& window) {
  const std::size_t images = window.images.size();
  std::uint64_t words_left = kMaxFrameWords;
  for (std::uint64_t left = in.count(kMaxItems); left > 0 && in.ok(); --left) {
    WindowStack& stack = window.window.stacks.emplace_back();
    stack.process = read_index(in, window.window.processes.size());
    stack.stop = static_cast<std::uint16_t>(in.number_to(kMaxU16));
    stack.stop_image = static_cast<ImageId>(read_index(in, images));
    stack.samples = in.number();
    stack.cpu_ns = in.number();
    stack.frames.resize(in.count(words_left));
    words_left -= stack.frames.size();
    for (FrameWord& word : stack.frames) {
      const std::uint32_t index = read_index(in, table.size());
      if (in.ok()) word = table[index];
    }
    for_each_frame(stack.frames, [&](FrameWord word) {
      if (SONDE_FRAME_TAG(word) == SONDE_TAG_IMAGE &&
          static_cast<std::size_t>(image_of_frame(word)) >= images) {
        in.fail();
      }
    });
    window.window.samples += stack.samples;
  }
}

std::string charge_bytes(const CpuCharges& charges) {
  ByteWriter out;
  out.number(charges.host_ns);
  out.text(charges.source);
  out.number(charges.cgroups.size());
  for (const CgroupCharge& one : charges.cgroups) {
    out.text(one.cgroup);
    out.number(one.ns);
  }
  return out.take();
}

// By path, each once.
void read_charges(ByteReader& in, CpuCharges& charges) {
  charges.host_ns = in.number();
  charges.source = in.text();
  for (std::uint64_t left = in.count(kMaxItems); left > 0 && in.ok(); --left) {
    CgroupCharge one{.cgroup = std::string(in.text()), .ns = in.number()};
    if (!charges.cgroups.empty() && one.cgroup <= charges.cgroups.back().cgroup) in.fail();
    charges.cgroups.push_back(std::move(one));
  }
}

}  // namespace

std::string encode_window(const ClosedWindow& window) {
  const std::vector<FrameWord> table = frame_table(window.window.stacks);
  ByteWriter sections;
  const auto add = [&](Section number, const std::string& content) {
    sections.number(static_cast<std::uint64_t>(number));
    sections.text(content);
  };
  add(Section::kMeta, meta_bytes(window));
  add(Section::kImages, image_bytes(window.images));
  add(Section::kTargets, target_bytes(window.targets));
  add(Section::kProcesses, process_bytes(window));
  add(Section::kFrames, frame_bytes(table));
  add(Section::kStacks, stack_bytes(window.window.stacks, table));
  if (window.charges) add(Section::kCharges, charge_bytes(*window.charges));
  return kVersion + sections.take();
}

Result<ClosedWindow> decode_window(std::string_view bytes) {
  const Error damaged{ErrorCode::kDataLoss, "a window that makes no sense"};
  if (bytes.empty()) return damaged;
  if (bytes.front() > kVersion) {
    return Error{ErrorCode::kUnimplemented, "a window of a later version of sonde"};
  }
  if (bytes.front() != kVersion) return damaged;
  ClosedWindow window;
  std::vector<FrameWord> frames;
  ByteReader sections(bytes.substr(1));
  for (std::uint64_t last = 0; !sections.empty();) {
    const std::uint64_t number = sections.number();
    if (number <= std::exchange(last, number)) sections.fail();  // each once, in order
    ByteReader in(sections.text());
    switch (static_cast<Section>(number)) {
      case Section::kMeta:
        read_meta(in, window);
        break;
      case Section::kImages:
        read_images(in, window.images);
        break;
      case Section::kTargets:
        read_targets(in, window.targets);
        break;
      case Section::kProcesses:
        read_processes(in, window);
        break;
      case Section::kFrames:
        frames = read_frames(in);
        break;
      case Section::kStacks:
        read_stacks(in, frames, window);
        break;
      case Section::kCharges:
        read_charges(in, window.charges.emplace());
        break;
    }
    if (!in.ok()) sections.fail();
  }
  if (!sections.ok()) return damaged;
  return window;
}

}  // namespace sonde
