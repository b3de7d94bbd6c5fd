// SPDX-License-Identifier: Apache-2.0
// Programs copy their own code to the same addresses in anonymous memory, to have it on huge
// pages. Such memory is still the file's code: found by comparing the two. Stateless.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "agent/process/image_registry.h"
#include "agent/process/proc_reader.h"
#include "agent/process/process_table.h"

namespace sonde {

// Where the code of `copy` would come from, were it that of `original` at the same addresses.
// None if the file does not reach that far down.
std::optional<CodeRange> as_copy_of(const CodeRange& original, const CodeRange& copy);

// Whether the process's memory at `range` is its image's code: compared in places all over it.
// Cost: 20 short reads of both.
bool holds_its_code(const ProcReader& proc, const ImageRegistry& images, std::uint32_t tgid,
                    const CodeRange& range);

// The anonymous range `copy` as the range of the file it is copied from; none if it is not. Asked
// of what was, or lies next to it, in `known` (sorted, no overlap).
std::optional<CodeRange> find_original(const ProcReader& proc, const ImageRegistry& images,
                                       std::uint32_t tgid, std::span<const CodeRange> known,
                                       const CodeRange& copy);

}  // namespace sonde
