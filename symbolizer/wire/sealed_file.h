// SPDX-License-Identifier: Apache-2.0
// Bytes handed from one process to another that nobody can change any more: a memfd with the
// seals WRITE, SHRINK, GROW and SEAL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// A sealed memfd holding the parts one after another. `name` is shown in /proc/PID/fd.
// errors: those of memfd_create(2) and write(2).
Result<UniqueFd> make_sealed_file(const char* name,
                                  std::span<const std::span<const std::byte>> parts);

// Bytes of a file that has all four seals: such a file is memory, so that reading it neither waits
// nor finds fewer bytes later.
// errors: kInvalidArgument (not such a file, empty, or larger than max_bytes), those of fstat(2).
Result<std::uint64_t> sealed_size(int fd, std::uint64_t max_bytes);

}  // namespace sonde
