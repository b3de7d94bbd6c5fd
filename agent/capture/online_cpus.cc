// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/online_cpus.h"

#include <charconv>

#include "bpf/abi/counters.h"
#include "core/base/file.h"

namespace sonde {
namespace {

// Takes a number off the front of `text`.
bool take_number(std::string_view& text, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || out >= SONDE_MAX_CPUS) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text) {
  const Error bad{ErrorCode::kInvalidArgument, "not a CPU list: " + std::string(text)};
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::vector<std::uint32_t> cpus;
  while (!text.empty()) {
    std::uint32_t first = 0;
    if (!take_number(text, first)) return bad;
    std::uint32_t last = first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      if (!take_number(text, last) || last < first) return bad;
    }
    for (std::uint32_t cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
    if (!text.empty() && !text.starts_with(',')) return bad;
    if (!text.empty()) text.remove_prefix(1);
  }
  return cpus;
}

Result<std::vector<std::uint32_t>> online_cpus() {
  const auto text = read_file("/sys/devices/system/cpu/online", std::size_t{64} * 1024);
  if (!text) return text.error();
  return parse_cpu_list(*text);
}

}  // namespace sonde
