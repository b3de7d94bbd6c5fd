// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/vdso.h"

#include <elf.h>
#include <sys/auxv.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "core/base/file.h"
#include "symbolizer/wire/sealed_file.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxMaps = std::size_t{16} << 20;

// Bytes from `address` to the end of the mapping that begins there, 0 if none does.
std::uint64_t mapping_bytes(const std::string& maps, std::uint64_t address) {
  for (std::size_t line = 0; line < maps.size();) {
    char* rest = nullptr;
    const std::uint64_t begin = std::strtoull(maps.c_str() + line, &rest, 16);
    if (begin == address && *rest == '-') {
      return std::strtoull(rest + 1, nullptr, 16) - begin;
    }
    const std::size_t next = maps.find('\n', line);
    if (next == std::string::npos) break;
    line = next + 1;
  }
  return 0;
}

}  // namespace

Result<UniqueFd> vdso_file() {
  const std::uint64_t address = ::getauxval(AT_SYSINFO_EHDR);
  if (address == 0) return Error{ErrorCode::kNotFound, "the kernel maps no vdso"};
  auto maps = read_file("/proc/self/maps", kMaxMaps);
  if (!maps) return maps.error();
  const std::uint64_t size = mapping_bytes(*maps, address);
  if (size < sizeof(Elf64_Ehdr)) {
    return Error{ErrorCode::kNotFound, "the vdso is not in /proc/self/maps"};
  }
  const std::span<const std::byte> image(
      reinterpret_cast<const std::byte*>(address),  // NOLINT(performance-no-int-to-ptr)
      static_cast<std::size_t>(size));
  return make_sealed_file("sonde-vdso", std::span(&image, 1));
}

}  // namespace sonde
