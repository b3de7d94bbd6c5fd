// SPDX-License-Identifier: Apache-2.0
#include "agent/process/maps_parser.h"

#include <charconv>

namespace sonde {
namespace {

constexpr std::string_view kDeleted = " (deleted)";
constexpr std::uint64_t kPageMask = 4095;

// Takes a number in `base` off the front, and the separator behind it (0 = end of text allowed).
template <typename T>
bool take_number(std::string_view& text, int base, char separator, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return separator == '\0';
  if (separator == '\0') separator = ' ';
  if (text.front() != separator) return false;
  text.remove_prefix(1);
  return true;
}

// The kernel writes newlines in names as \012 (seq_file mangling) and nothing else.
std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("\\012")) {
      out.push_back('\n');
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

std::optional<MapsEntry> parse_maps_line(std::string_view line) {
  MapsEntry entry;
  if (!take_number(line, 16, '-', entry.begin) || !take_number(line, 16, ' ', entry.end)) return {};
  if (line.size() < 5 || line[4] != ' ') return {};
  entry.executable = line[2] == 'x';
  line.remove_prefix(5);
  if (!take_number(line, 16, ' ', entry.file_offset) ||
      !take_number(line, 16, ':', entry.device_major) ||
      !take_number(line, 16, ' ', entry.device_minor) ||
      !take_number(line, 10, '\0', entry.inode)) {
    return {};
  }
  if (entry.end <= entry.begin ||
      ((entry.begin | entry.end | entry.file_offset) & kPageMask) != 0) {
    return {};
  }
  while (line.starts_with(' ')) line.remove_prefix(1);
  if (line.ends_with(kDeleted)) {
    entry.deleted = true;
    line.remove_suffix(kDeleted.size());
  }
  entry.path = unescape(line);
  return entry;
}

std::uint64_t parse_executable_maps(std::string_view text,
                                    const std::function<void(MapsEntry&&)>& take) {
  std::uint64_t bad = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    auto entry = parse_maps_line(line);
    if (!entry) {
      ++bad;
    } else if (entry->executable) {
      take(std::move(*entry));
    }
  }
  return bad;
}

}  // namespace sonde
