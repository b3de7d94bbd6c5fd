// SPDX-License-Identifier: Apache-2.0
#include "agent/process/cpu_usage.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace sonde {
namespace {

constexpr std::uint64_t kUserTickNs = 10'000'000;  // USER_HZ is 100 on every Linux ABI but Alpha
constexpr std::uint64_t kNsPerUs = 1'000;

// Up to `end`, which is taken away as well.
std::string_view take_until(std::string_view& text, char end) {
  const std::string_view part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

// The whole text as a number of `unit` ns each; none if it is none or does not fit.
std::optional<std::uint64_t> ns_of(std::string_view text, std::uint64_t unit) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || number > std::numeric_limits<std::uint64_t>::max() / unit) return std::nullopt;
  return number * unit;
}

Error no_number(const char* what) {
  return Error{ErrorCode::kDataLoss, std::string(what) + " does not parse"};
}

}  // namespace

Result<std::uint64_t> parse_cpu_stat(std::string_view text) {
  constexpr std::string_view kName = "usage_usec ";
  // A line without its end may be cut within the number.
  while (text.find('\n') != std::string_view::npos) {
    const std::string_view line = take_until(text, '\n');
    if (!line.starts_with(kName)) continue;
    if (const auto ns = ns_of(line.substr(kName.size()), kNsPerUs)) return *ns;
    break;
  }
  return no_number("cpu.stat");
}

Result<std::uint64_t> parse_cpuacct_usage(std::string_view text) {
  const bool is_whole = text.find('\n') != std::string_view::npos;
  const auto ns = is_whole ? ns_of(take_until(text, '\n'), 1) : std::nullopt;
  if (!ns) return no_number("cpuacct.usage");
  return *ns;
}

Result<std::uint64_t> parse_host_usage(std::string_view text) {
  // user nice system idle iowait irq softirq
  constexpr std::array kIsUsage = {true, true, true, false, false, true, true};
  const Error bad = no_number("/proc/stat");
  const bool is_whole = text.find('\n') != std::string_view::npos;
  std::string_view line = take_until(text, '\n');
  if (!is_whole || take_until(line, ' ') != "cpu") return bad;
  std::uint64_t sum = 0;
  for (const bool is_usage : kIsUsage) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto ns = ns_of(take_until(line, ' '), kUserTickNs);
    if (!ns || *ns > std::numeric_limits<std::uint64_t>::max() - sum) return bad;
    if (is_usage) sum += *ns;
  }
  return sum;
}

std::optional<std::string_view> cgroup_path_in(std::string_view text, std::string_view controller) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view number = take_until(line, ':');
    std::string_view controllers = take_until(line, ':');
    if (!line.starts_with('/')) continue;  // what is left is the path, colons and all
    if (controller.empty()) {
      if (number == "0" && controllers.empty()) return line;
      continue;
    }
    while (!controllers.empty()) {
      if (take_until(controllers, ',') == controller) return line;
    }
  }
  return std::nullopt;
}

}  // namespace sonde
