// SPDX-License-Identifier: Apache-2.0
// A profile with names: what exporters encode, `report` reads back and the summary is printed
// from. Indices refer to the vectors of the same SymbolizedProfile; index 0 of `images` and
// `functions` is "none" and is always present.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bpf/abi/stop.h"

namespace sonde {

// Where a frame's code comes from. Numbers are those of the flame payload (`fk`).
enum class Origin : std::uint8_t {
  kOwn = 1,      // the process's main executable
  kLibrary = 2,  // any other file
  kKernel = 3,
  kJit = 4,         // runtime or JIT code
  kUnresolved = 5,  // no name; `reason` says why
};
const char* to_string(Origin origin);  // own, library, kernel, jit, unresolved

struct ProfileImage {
  std::string path;      // as the process saw it; "[kernel.kallsyms]", "[vdso]"
  std::string build_id;  // lower-case hex, empty if none
};

struct ProfileFunction {
  std::string name;         // demangled, or `file+0xstart` if unresolved
  std::string system_name;  // as in the symbol table, empty if equal to `name`
};

struct ProfileFrame {
  std::uint32_t function = 0;
  std::uint32_t image = 0;
  Origin origin = Origin::kUnresolved;
  bool fp_step = false;       // found by a frame-pointer step, not by an unwind row
  std::uint64_t address = 0;  // file offset in its image; kernel: the address
  std::string reason;         // why there is no name (kUnresolved only): no_symbols, ...
};

struct ProfileProcess {
  std::uint32_t pid = 0;
  std::string name;  // comm of the main thread
};

// Samples with one and the same stack.
struct ProfileStack {
  std::uint32_t process = 0;                 // index into processes
  std::uint16_t stop = SONDE_STOP_COMPLETE;  // enum sonde_stop_reason
  std::uint32_t stop_image = 0;              // where the walk ended, if it is not whole
  std::uint64_t samples = 0;
  std::uint64_t cpu_ns = 0;           // weighted
  std::vector<std::uint32_t> frames;  // indices into frames, leaf first, kernel part in front
};

// Every clock tick is in exactly one of these: expected = missed + run;
// run = idle + filtered + thinned + emitted + (kernel losses); emitted = stored + (user losses).
struct TickLedger {
  std::uint64_t expected = 0;
  std::uint64_t missed = 0;
  std::uint64_t run = 0;
  std::uint64_t idle = 0;
  std::uint64_t filtered = 0;
  std::uint64_t thinned = 0;
  std::uint64_t emitted = 0;
};

// What sonde itself cost during the recording.
struct ProfileCost {
  double cpu_seconds = 0;  // user + system of all its processes
  double bpf_seconds = 0;  // measured run time of its BPF programs; 0 if not measured
  std::uint64_t rss_peak_bytes = 0;
  std::uint64_t kernel_map_bytes = 0;
  std::uint64_t bpf_ns_per_sample = 0;
};

struct ProfileMeta {
  std::string host;
  std::string kernel;   // uname -r
  std::string version;  // of sonde
  std::uint32_t cpu_count = 0;
  std::uint32_t rate_hz = 0;
  std::uint64_t begin_ns = 0;  // Unix time
  std::uint64_t duration_ns = 0;
  std::string cgroup_mode;  // v2 | v1-memory
  TickLedger ticks;
  std::map<std::string, std::uint64_t> lost;  // reason -> samples (ring_full, missed, ...)
  std::map<std::string, std::uint64_t>
      notes;  // other counted facts: sideband_lost, rows_unsupported
  ProfileCost cost;
};

struct SymbolizedProfile {
  ProfileMeta meta;
  std::vector<ProfileImage> images{ProfileImage{}};
  std::vector<ProfileFunction> functions{ProfileFunction{}};
  std::vector<ProfileFrame> frames;
  std::vector<ProfileProcess> processes;
  std::vector<ProfileStack> stacks;
};

// True for the reasons that mean "nothing is missing": complete and kernel_only.
bool is_whole(std::uint16_t stop);
const char* stop_name(std::uint16_t stop);              // "complete", ...; "unknown" past the table
std::uint16_t stop_from_name(const std::string& name);  // SONDE_STOP_COUNT if unknown

}  // namespace sonde
