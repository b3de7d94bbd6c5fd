// SPDX-License-Identifier: Apache-2.0
// Closed windows: one with something in every field, and small ones in a row.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "bpf/abi/stop.h"
#include "core/model/closed_window.h"

namespace sonde {

inline FrameWord sample_frame(std::uint32_t image, std::uint64_t offset) {
  return with_image(offset, static_cast<ImageId>(image));
}

inline ClosedWindow closed_window_sample() {
  ClosedWindow out;
  out.meta.host = "node-1";
  out.meta.kernel = "6.1.0";
  out.meta.version = "0.1.0";
  out.meta.cgroup_mode = "v2";
  out.meta.cpu_count = 8;
  out.meta.rate_hz = 19;
  out.meta.begin_ns = 1'700'000'000'000'000'000;
  out.meta.duration_ns = 10'000'000'000;
  out.meta.ticks = {1'520, 20, 1'500, 1'400, 10, 5, 85};
  out.meta.lost = {{"missed", 20}, {"stack_limit", 1}};
  out.meta.notes = {{"images", 3}};
  out.meta.cost = {0.0125, 0.001, 40 << 20, 16 << 20, 1'500};
  out.boot_id = "1f3c8a52-7f0e-4e57-9b7c-3a8d0f3f5b11";
  out.kernel_content = std::string(64, 'c');
  out.images.push_back({"/usr/bin/program", "5d1e", std::string(64, 'a'), false});
  out.images.push_back({"/lib/libc.so.6", "", "", true});
  out.targets = {{{"process", "program"}, {"container", "checkout"}}, {}};
  out.window.processes = {
      {.tgid = 100, .start_ticks = 7, .name = "program", .executable = ImageId{1}},
      {.tgid = 0xffffffff,
       .start_ticks = ~0ULL,
       .name = std::string("\0\n", 2),
       .executable = ImageId::kNone}};
  out.target_of_process = {0, 1};
  out.made_code_of_process = {0, 1};
  const FrameWord kernel = SONDE_KERNEL_FRAME(0xffffffff81000000);
  out.window.stacks = {{.process = 0,
                        .stop = SONDE_STOP_NO_MAPPING,
                        .stop_image = ImageId{2},
                        .samples = 80,
                        .cpu_ns = 4'210'526'320,
                        .frames = {kernel, sample_frame(2, 0x1234), sample_frame(1, 0x1fffffffff)}},
                       {.process = 0,
                        .samples = 3,
                        .cpu_ns = 157'894'737,
                        .frames = {sample_frame(2, 0x1234), sample_frame(1, 0x1fffffffff)}},
                       {.process = 1, .samples = 1, .cpu_ns = 52'631'579, .frames = {}}};
  out.window.samples = 84;
  out.charges = {.host_ns = 4'500'000'000,
                 .source = "cpu.stat",
                 .cgroups = {{"/kubepods", 4'300'000'000}, {"/kubepods/a b", ~0ULL}}};
  return out;
}

// A window that begins `number` times 10 s after a round time, with samples of one process.
inline ClosedWindow closed_window_of(const std::string& process, std::uint64_t number,
                                     std::uint64_t samples = 10) {
  ClosedWindow out;
  out.meta.begin_ns = 1'700'000'000'000'000'000 + number * 10'000'000'000;
  out.meta.duration_ns = 10'000'000'000;
  out.targets = {{{"process", process}, {"pid", std::to_string(number % 3)}}};
  out.target_of_process = {0};
  out.made_code_of_process = {0};
  out.window.processes = {
      {.tgid = 1, .start_ticks = 1, .name = process, .executable = ImageId::kNone}};
  out.window.stacks = {{.process = 0,
                        .samples = samples,
                        .cpu_ns = samples * 52'631'579,
                        .frames = {SONDE_KERNEL_FRAME(0xffffffff81000000 + number)}}};
  out.window.samples = samples;
  return out;
}

}  // namespace sonde
