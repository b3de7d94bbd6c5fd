// SPDX-License-Identifier: Apache-2.0
// Records of the sample ring and of the perf sideband: no length in them is trusted.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "agent/capture/sample_parser.h"
#include "agent/capture/sideband_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = std::as_bytes(std::span(data, size));
  static sonde::RawSample sample;  // with what earlier records left in it
  if (sonde::parse_sample(record, sample) &&
      (sample.kernel.size() + sample.user.size()) * sizeof(std::uint64_t) > size) {
    std::abort();
  }
  (void)sonde::parse_sideband(record);
  return 0;
}
