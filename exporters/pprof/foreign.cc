// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/foreign.h"

#include <array>
#include <charconv>

namespace sonde {

ValueChoice choose_values(const std::vector<PprofValueType>& types) {
  ValueChoice choice;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const auto index = static_cast<int>(i);
    const bool ns = types[i].unit == "nanoseconds";
    const bool cpu = ns && types[i].type == "cpu";
    if (ns && (choice.nanoseconds < 0 ||
               (cpu && types[static_cast<std::size_t>(choice.nanoseconds)].type != "cpu"))) {
      choice.nanoseconds = index;
    }
    const bool count = types[i].unit == "count";
    if (count && (choice.count < 0 || types[i].type == "samples")) choice.count = index;
  }
  const bool only_counts = choice.nanoseconds < 0 && !types.empty();
  // A heap profile has counts and bytes: its last type is the one it is about.
  if (only_counts && types.back().unit != "count") {
    choice.other = static_cast<int>(types.size()) - 1;
    choice.count = -1;
  }
  return choice;
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Origin origin_of_path(std::string_view path) {
  if (path.starts_with("[kernel") || path == "[guest.kernel.kallsyms]" ||
      base_name(path).starts_with("vmlinux")) {
    return Origin::kKernel;
  }
  if (path == "[vdso]" || path == "[vsyscall]") return Origin::kLibrary;
  if (path.starts_with("[anon") || path == "//anon" || base_name(path).starts_with("jitted-")) {
    return Origin::kJit;
  }
  if (path.ends_with(".ko")) return Origin::kKernel;
  const std::string_view name = base_name(path);
  const bool shared = name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
  return shared ? Origin::kLibrary : Origin::kOwn;
}

std::string unresolved_name(std::string_view path, std::uint64_t address) {
  std::array<char, 20> hex{};
  const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), address, 16).ptr;
  std::string out(base_name(path));
  if (!out.empty()) out += '+';
  return out + "0x" + std::string(hex.data(), end);
}

}  // namespace sonde
