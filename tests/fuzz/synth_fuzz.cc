// SPDX-License-Identifier: Apache-2.0
// Any bytes taken for code give rows that the kernel can walk, in bounded time. The first byte says
// how many places are known to begin functions; each takes three bytes: where (two), what (one).
#include <algorithm>
#include <cstdint>
#include <vector>

#include "symbolizer/worker/synth/code_walk.h"
#include "symbolizer/worker/unwind/row_builder.h"
#include "tests/fuzz/check_rows.h"

namespace {

constexpr std::size_t kEntryBytes = 3;

std::vector<sonde::CodeEntry> entries_of(sonde::ByteSpan bytes, std::size_t code_bytes) {
  std::vector<sonde::CodeEntry> out;
  for (std::size_t i = 0; i + kEntryBytes <= bytes.size(); i += kEntryBytes) {
    const std::uint32_t at = bytes[i] | static_cast<std::uint32_t>(bytes[i + 1]) << 8U;
    if (at < code_bytes) out.push_back({at, static_cast<sonde::EntryKind>(bytes[i + 2] & 3U)});
  }
  std::ranges::sort(out, {}, &sonde::CodeEntry::at);
  const auto same = [](const sonde::CodeEntry& a, const sonde::CodeEntry& b) {
    return a.at == b.at;
  };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const sonde::ByteSpan bytes(data + 1, size - 1);
  const std::size_t known = std::min<std::size_t>(data[0] * kEntryBytes, bytes.size());
  const sonde::ByteSpan code = bytes.subspan(known);
  const auto entries = entries_of(bytes.first(known), code.size());
  sonde::RowClassCounts classes{};
  sonde::CodeWalk walk(code, entries, classes);
  walk.walk();
  if (walk.instructions() > code.size()) std::abort();  // each byte at most once
  std::vector<sonde::PlacedRule> rules;
  walk.emit(0x1234, rules);
  if (!std::ranges::is_sorted(rules, {}, &sonde::PlacedRule::file_offset)) std::abort();
  for (const std::uint32_t at : walk.starts()) {
    if (at >= code.size()) std::abort();
  }
  sonde::RowTable table;
  sonde::build_rows({}, rules, table, classes);
  sonde::check_rows(table);
  return 0;
}
