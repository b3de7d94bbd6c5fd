// SPDX-License-Identifier: Apache-2.0
#include "core/base/proc_stat.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace sonde {
namespace {

constexpr std::uint64_t kKernelThreadFlag = 0x00200000;  // PF_KTHREAD, include/linux/sched.h
constexpr std::size_t kFirstField = 3;                   // behind the comm
constexpr std::size_t kLastField = 24;

std::string_view next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \n"), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(" \n"));
  rest.remove_prefix(word.size());
  return word;
}

// Takes the whole word for a number that fits; false if it is none.
template <typename Number>
bool read(std::string_view word, Number& into) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
  return error == std::errc() && end == word.data() + word.size();
}

}  // namespace

Result<ProcStat> parse_proc_stat(std::string_view text) {
  const Error bad{ErrorCode::kDataLoss, "/proc/PID/stat does not parse"};
  // The comm is in parentheses and can itself hold any of them: the last one closes it.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return bad;
  std::string_view rest = text.substr(close + 1);
  std::array<std::string_view, kLastField + 1> fields;
  for (std::size_t i = kFirstField; i <= kLastField; ++i) fields.at(i) = next_word(rest);
  ProcStat out;
  out.comm = text.substr(open + 1, close - open - 1);
  std::uint64_t flags = 0;
  const bool whole = read(fields[4], out.parent) && read(fields[9], flags) &&
                     read(fields[14], out.user_ticks) && read(fields[15], out.system_ticks) &&
                     read(fields[22], out.start_ticks) && read(fields[23], out.virtual_bytes) &&
                     read(fields[24], out.resident_pages);
  if (!whole) return bad;
  out.kernel_thread = (flags & kKernelThreadFlag) != 0;
  return out;
}

}  // namespace sonde
