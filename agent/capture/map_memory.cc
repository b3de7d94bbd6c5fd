// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/map_memory.h"

#include <bpf/bpf.h>

#include <cstdlib>
#include <string>

#include "core/base/file.h"

namespace sonde {

std::uint64_t map_memory_bytes(int map_fd) {
  const auto text =
      read_file("/proc/self/fdinfo/" + std::to_string(map_fd), std::size_t{64} * 1024);
  if (!text) return 0;
  constexpr std::string_view kKey = "memlock:";
  const std::size_t at = text->find(kKey);
  if (at == std::string::npos) return 0;
  return std::strtoull(text->c_str() + at + kKey.size(), nullptr, 10);
}

std::uint64_t verified_instructions_of(int program_fd) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof(info);
  if (::bpf_obj_get_info_by_fd(program_fd, &info, &size) != 0) return 0;
  return info.verified_insns;
}

}  // namespace sonde
