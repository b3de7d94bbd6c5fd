// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/idle_time.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::uint64_t kUserTickNs = 10'000'000;  // USER_HZ is 100 on every Linux ABI but Alpha
constexpr std::size_t kFields = 5;                 // user nice system idle iowait

bool take_number(std::string_view& text, std::uint64_t& out) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

IdleTimes parse_idle_times(std::string_view stat) {
  IdleTimes times;
  while (!stat.empty()) {
    std::string_view line = stat.substr(0, stat.find('\n'));
    stat.remove_prefix(std::min(stat.size(), line.size() + 1));
    if (!line.starts_with("cpu") || line.starts_with("cpu ")) continue;
    line.remove_prefix(3);
    std::uint64_t cpu = 0;
    std::array<std::uint64_t, kFields> fields{};
    bool whole = take_number(line, cpu);
    for (std::uint64_t& field : fields) whole = whole && take_number(line, field);
    if (whole) times[static_cast<std::uint32_t>(cpu)] = (fields[3] + fields[4]) * kUserTickNs;
  }
  return times;
}

Result<IdleTimes> read_idle_times() {
  const auto text = read_file("/proc/stat", std::size_t{16} << 20);
  if (!text) return text.error();
  return parse_idle_times(*text);
}

std::uint64_t ticks_slept(std::uint64_t missing, std::uint64_t idle_ns, std::uint64_t idle_ticks,
                          std::uint64_t period_ns) {
  // One step of the accounting more: its resolution must not turn sleep into loss.
  const std::uint64_t explained = (idle_ns + kUserTickNs) / period_ns;
  return idle_ns == 0 || explained <= idle_ticks ? 0 : std::min(missing, explained - idle_ticks);
}

}  // namespace sonde
