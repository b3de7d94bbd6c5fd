// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/sideband_parser.h"

#include <linux/perf_event.h>

#include <cstring>
#include <utility>

namespace sonde {
namespace {

// Body of PERF_RECORD_MMAP2 up to the file name.
struct Mmap2Body {
  std::uint32_t pid, tid;
  std::uint64_t address, bytes, file_offset;
  std::uint32_t major, minor;
  std::uint64_t inode, inode_generation;
  std::uint32_t protection, flags;
};

// Body of PERF_RECORD_KSYMBOL up to the name.
struct KsymbolBody {
  std::uint64_t address;
  std::uint32_t bytes;
  std::uint16_t kind, flags;
};

struct LostBody {
  std::uint64_t id, lost;
};

constexpr std::size_t kTimeBytes = sizeof(std::uint64_t);

template <typename T>
bool read_body(std::span<const std::byte> body, T& out) {
  if (body.size() < sizeof(T)) return false;
  std::memcpy(&out, body.data(), sizeof(T));
  return true;
}

Error short_record() { return Error{ErrorCode::kDataLoss, "short sideband record"}; }

// NUL-terminated and padded, the time behind it; a name without its NUL is taken as far as it goes.
std::string name_in(std::span<const std::byte> body, std::size_t begin) {
  const auto name = body.subspan(begin, body.size() - begin - kTimeBytes);
  const char* text = reinterpret_cast<const char*>(name.data());
  return {text, ::strnlen(text, name.size())};
}

Result<SidebandRecord> parse_mmap2(std::span<const std::byte> body) {
  Mmap2Body mmap{};
  if (!read_body(body, mmap) || body.size() < sizeof(mmap) + kTimeBytes) return short_record();
  MappingEvent event{.pid = mmap.pid,
                     .begin = mmap.address,
                     .bytes = mmap.bytes,
                     .file_offset = mmap.file_offset,
                     .device_major = mmap.major,
                     .device_minor = mmap.minor,
                     .inode = mmap.inode};
  std::memcpy(&event.time_ns, body.data() + body.size() - kTimeBytes, kTimeBytes);
  event.path = name_in(body, sizeof(mmap));
  return SidebandRecord(std::move(event));
}

Result<SidebandRecord> parse_exec(std::span<const std::byte> body) {
  ExecEvent event;
  if (body.size() < sizeof(event.pid) + kTimeBytes) return short_record();
  std::memcpy(&event.pid, body.data(), sizeof(event.pid));
  std::memcpy(&event.time_ns, body.data() + body.size() - kTimeBytes, kTimeBytes);
  return SidebandRecord(event);
}

Result<SidebandRecord> parse_ksymbol(std::span<const std::byte> body) {
  KsymbolBody symbol{};
  if (!read_body(body, symbol) || body.size() < sizeof(symbol) + kTimeBytes) return short_record();
  KernelSymbolEvent event{.begin = symbol.address,
                          .bytes = symbol.bytes,
                          .is_gone = (symbol.flags & PERF_RECORD_KSYMBOL_FLAGS_UNREGISTER) != 0,
                          .name = name_in(body, sizeof(symbol))};
  std::memcpy(&event.time_ns, body.data() + body.size() - kTimeBytes, kTimeBytes);
  return SidebandRecord(std::move(event));
}

}  // namespace

Result<SidebandRecord> parse_sideband(std::span<const std::byte> record) {
  perf_event_header header{};
  if (!read_body(record, header)) return short_record();
  const auto body = record.subspan(sizeof(header));
  if (header.type == PERF_RECORD_MMAP2) return parse_mmap2(body);
  if (header.type == PERF_RECORD_KSYMBOL) return parse_ksymbol(body);
  if (header.type == PERF_RECORD_COMM && (header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0) {
    return parse_exec(body);
  }
  if (header.type == PERF_RECORD_LOST) {
    LostBody lost{};
    if (!read_body(body, lost)) return short_record();
    return SidebandRecord(SidebandLost{lost.lost});
  }
  return SidebandRecord(SidebandOther{});
}

}  // namespace sonde
