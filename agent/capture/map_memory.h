// SPDX-License-Identifier: Apache-2.0
// What the kernel says about a BPF object it holds: memory of a map, verifier work of a program.
#pragma once

#include <cstdint>

namespace sonde {

// `memlock` of /proc/self/fdinfo: bytes charged for the map. 0 if the kernel does not say.
std::uint64_t map_memory_bytes(int map_fd);
// `verified_insns` of a program (since 5.16). 0 if the kernel does not say.
std::uint64_t verified_instructions_of(int program_fd);

}  // namespace sonde
