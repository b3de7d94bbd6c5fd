// SPDX-License-Identifier: Apache-2.0
// Programs copy their own code to the same addresses in anonymous memory, to have it on huge
// pages. Such memory is still the file's code: found by comparing the two.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "agent/process/code_range.h"
#include "agent/process/image_registry.h"
#include "agent/process/proc_reader.h"
#include "core/base/timed_calls.h"

namespace sonde {

// Where the code of `copy` would come from, were it that of `original` at the same addresses.
// None if the file does not reach that far down.
std::optional<CodeRange> as_copy_of(const CodeRange& original, const CodeRange& copy);

// Thread-confined.
class CopiedCode {
 public:
  // Of one process in a second: a program may make and remake thousands of small ranges.
  static constexpr std::uint32_t kMaxOfOne = 32;

  // Both outlive this.
  CopiedCode(const ProcReader& proc, const ImageRegistry& images) : proc_(proc), images_(images) {}

  // The anonymous range `copy` of a process as the range of the file it is copied from; none if it
  // is not. Asked of what was, or lies next to it, in `known` (sorted, no overlap).
  // Cost: nothing if no file's code is near; one read of the process's memory, of which any page
  // may be one that its owner provides (userfaultfd, FUSE), and 20 of each file.
  std::optional<CodeRange> original_of(std::uint32_t tgid, std::span<const CodeRange> known,
                                       const CodeRange& copy);

  // Ranges that were not compared: of a process with more than kMaxOfOne a second.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  // Ranges whose memory or file did not answer in time.
  [[nodiscard]] std::uint64_t stuck() const { return calls_.given_up(); }

 private:
  bool may_compare(std::uint32_t tgid);

  const ProcReader& proc_;
  const ImageRegistry& images_;
  TimedCalls calls_;
  std::uint64_t second_ = 0;
  std::unordered_map<std::uint32_t, std::uint32_t> compared_;  // in this second, by tgid
  std::uint64_t skipped_ = 0;
};

}  // namespace sonde
