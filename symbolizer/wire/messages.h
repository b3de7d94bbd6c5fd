// SPDX-License-Identifier: Apache-2.0
// What client and worker say to each other over a stream socket: a fixed header, then payload
// bytes; descriptors travel with the header's first byte (SCM_RIGHTS). Both ends are the same
// binary, so these layouts are private to one build.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "symbolizer/wire/reason.h"

namespace sonde {

inline constexpr std::uint32_t kWireMagic = 0x646e6f73;  // "sond"
inline constexpr std::size_t kMaxOffsets = std::size_t{16} << 20;
inline constexpr std::size_t kMaxBuildIdBytes = 64;
inline constexpr std::size_t kMaxDebuglinkBytes = 255;
inline constexpr std::size_t kMaxNameBytes = 8192;        // of one symbol; longer ones are cut
inline constexpr std::size_t kMaxDemangledBytes = 16384;  // longer: the symbol's own name is used

enum class RequestKind : std::uint32_t {
  kDescribe = 1,  // fd of the file -> WireFileInfo; the worker keeps the unwind bytes it hashed
  kRows = 2,      // no fd -> sealed memfd with the rows of the file described just before
  kNames = 3,     // fd, perhaps fd of its debug file, offsets -> names message
  kCode = 4,      // fd of a perf map or jitdump, addresses -> names message
};

struct WireRequest {
  std::uint32_t magic = kWireMagic;
  RequestKind kind = RequestKind::kDescribe;
  std::uint64_t id = 0;
  std::uint64_t payload_bytes = 0;  // kNames, kCode: 8 x offsets
  std::uint64_t memory_limit_bytes = 0;
  std::uint32_t cpu_limit_s = 0;    // for this request
  std::uint32_t debuglink_crc = 0;  // kNames: checked if use_crc
  std::uint32_t fd_count = 0;
  std::uint32_t use_crc = 0;  // the debug file was found by name, not by build id
};

struct WireAnswer {
  std::uint32_t magic = kWireMagic;
  std::uint32_t reason = 0;  // Reason; not kNone: the payload is text for people
  std::uint64_t id = 0;      // of the request
  std::uint64_t payload_bytes = 0;
  std::uint64_t cpu_ns = 0;          // of the worker since it started
  std::uint64_t peak_rss_bytes = 0;  // of the worker since it started
  std::uint32_t fd_count = 0;
  std::uint32_t debug_file_rejected = 0;  // kNames: the debug file does not belong to the file
  std::uint32_t names_reused = 0;         // kNames: the file's symbols were still held
  std::uint32_t names_evicted = 0;        // kNames: files whose symbols had to go for them
};

struct WireFileInfo {
  std::array<std::uint8_t, 32> sha256{};
  std::array<std::uint8_t, kMaxBuildIdBytes> build_id{};
  std::array<char, kMaxDebuglinkBytes + 1> debuglink{};  // NUL-terminated
  std::uint32_t debuglink_crc = 0;
  std::uint32_t build_id_bytes = 0;
  std::uint8_t has_symtab = 0;
  std::uint8_t has_dynsym = 0;
  std::uint8_t has_unwind_tables = 0;
  std::uint8_t has_rows = 0;  // there are unwind tables, or code without them
  std::uint8_t reserved[4] = {};
};

// The names message: header, functions, entries, string bytes; nothing else.
struct WireNamesHeader {
  std::uint32_t function_count = 0;
  std::uint32_t entry_count = 0;
  std::uint64_t string_bytes = 0;
};
struct WireFunction {
  std::uint64_t file_offset = 0;
  std::uint32_t name = 0;  // offset into the strings
  std::uint32_t name_bytes = 0;
  std::uint32_t system_name = 0;
  std::uint32_t system_name_bytes = 0;
};
struct WireNameEntry {
  std::uint32_t function = 0;  // NameTable::kNoFunction if none
  std::uint32_t reason = 0;
  // Without a name: file offset where the function begins, or the offset itself if not known.
  std::uint64_t begin = 0;
};

// How to wait for the other side: until a time of CLOCK_MONOTONIC in ns, or for ever (0).
using WireDeadline = std::uint64_t;

// Sends a header with descriptors, then the payload. Never raises SIGPIPE.
// errors: kDeadlineExceeded, kUnavailable (the other side is gone).
Result<void> send_message(int socket, std::span<const std::byte> header, std::span<const int> fds,
                          std::span<const std::byte> payload, WireDeadline deadline);

// Receives exactly `header.size()` bytes and at most `max_fds` descriptors (close-on-exec); more
// of them are an error, and closed.
// errors: kDeadlineExceeded, kUnavailable (closed by the other side), kInvalidArgument.
Result<std::vector<UniqueFd>> receive_header(int socket, std::span<std::byte> header,
                                             std::size_t max_fds, WireDeadline deadline);
Result<void> receive_bytes(int socket, std::span<std::byte> out, WireDeadline deadline);

}  // namespace sonde
