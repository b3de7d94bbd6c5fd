// SPDX-License-Identifier: Apache-2.0
// Why code that lies in no file has no name (`ProfileFrame::reason`); for files: the symbolizer's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde {

// X(id, name, what it means)
#define SONDE_CODE_REASONS(X)                                                                  \
  X(None, "", "there is a name")                                                               \
  X(NoCodeMap, "no_code_map", "its process keeps no perf map or jitdump")                      \
  X(CodeMapStale, "code_map_stale", "the perf map is older than the process")                  \
  X(CodeMapNotTrusted, "code_map_not_trusted", "the perf map is another user's, or no file")   \
  X(FileSystemStuck, "file_system_stuck", "the perf map's file system does not answer")        \
  X(CodeMapsOverBudget, "code_maps_over_budget", "no time was left to read the perf map")      \
  X(NoRange, "no_range", "the process had no code there when it was looked at")                \
  X(KallsymsRestricted, "kallsyms_restricted", "names of the kernel's functions are withheld") \
  X(NameLate, "name_late", "no time was left to ask for it: the next window may have it")      \
  X(NameNotKept, "name_not_kept", "its name was not kept, and its file is gone or changed")

enum class CodeReason : std::uint8_t {
#define X(id, name, help) k##id,
  SONDE_CODE_REASONS(X)
#undef X
};

constexpr std::string_view to_string(CodeReason reason) {
  constexpr auto kNames = std::to_array<std::string_view>({
#define X(id, name, help) name,
      SONDE_CODE_REASONS(X)
#undef X
  });
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace sonde
