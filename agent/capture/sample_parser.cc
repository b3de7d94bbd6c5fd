// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/sample_parser.h"

#include <cstring>

#include "bpf/abi/stop.h"

namespace sonde {

Result<void> parse_sample(std::span<const std::byte> record, RawSample& sample) {
  if (record.size() < sizeof(sample.header)) return Error{ErrorCode::kDataLoss, "short record"};
  std::memcpy(&sample.header, record.data(), sizeof(sample.header));
  const std::size_t kernel = sample.header.kernel_count;
  const std::size_t user = sample.header.user_count;
  const std::size_t words = (record.size() - sizeof(sample.header)) / sizeof(std::uint64_t);
  const bool deferred = (sample.header.flags & SONDE_SAMPLE_DEFERRED) != 0;
  const std::size_t before_user = deferred ? SONDE_MAX_KERNEL_FRAMES : kernel;
  if (kernel > SONDE_MAX_KERNEL_FRAMES || before_user + user > words ||
      (deferred && user < SONDE_DEFERRED_REGISTERS) || sample.header.stop >= SONDE_STOP_COUNT) {
    return Error{ErrorCode::kDataLoss, "impossible record"};
  }
  sample.kernel.resize(kernel);
  sample.user.resize(user);
  const std::byte* at = record.data() + sizeof(sample.header);
  if (kernel > 0) std::memcpy(sample.kernel.data(), at, kernel * sizeof(std::uint64_t));
  at += before_user * sizeof(std::uint64_t);
  if (user > 0) std::memcpy(sample.user.data(), at, user * sizeof(std::uint64_t));
  return {};
}

}  // namespace sonde
