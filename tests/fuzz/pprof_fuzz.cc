// SPDX-License-Identifier: Apache-2.0
// pprof files are foreign: any bytes must give an error or a profile whose every index is valid,
// which encoding it again proves, and which differs in nothing from itself.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/model/profile_diff.h"
#include "exporters/pprof/decode.h"
#include "exporters/pprof/encode.h"

namespace {

bool is_same(const sonde::SidePair& sums) {
  return sums[0].samples == sums[1].samples && !(sums[0].sum < sums[1].sum) &&
         !(sums[1].sum < sums[0].sum);
}

bool differs_from_itself(const sonde::SymbolizedProfile& profile) {
  const sonde::ProfileDiff diff({&profile, 1}, {&profile, 1});
  for (const auto by : {sonde::DiffBy::kFunction, sonde::DiffBy::kProcess, sonde::DiffBy::kImage}) {
    const auto rows = diff.rows(by);
    if (!std::all_of(rows.begin(), rows.end(), [](const sonde::DiffRow& row) {
          return is_same(row.self) && is_same(row.total);
        })) {
      return true;
    }
  }
  const auto tree = diff.call_tree();
  return !std::all_of(tree.begin(), tree.end(),
                      [](const sonde::DiffNode& node) { return is_same(node.total); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr sonde::PprofLimits kLimits{.max_bytes = 1 << 20, .max_memory_bytes = 1 << 24};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto profile = sonde::decode_pprof(bytes, kLimits);
  if (profile && !sonde::encode_pprof(*profile)) std::abort();
  if (profile && differs_from_itself(*profile)) std::abort();
  return 0;
}
