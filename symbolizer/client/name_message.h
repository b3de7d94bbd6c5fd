// SPDX-License-Identifier: Apache-2.0
// Reads a worker's names message, trusting nothing in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// Largest message a worker may send for that many offsets.
std::uint64_t max_name_message_bytes(std::size_t offset_count);

// errors: worker_protocol (sizes, indices, reasons or lengths out of range, or not one entry per
//         offset).
Result<NameTable> decode_names(std::span<const std::byte> message,
                               std::span<const std::uint64_t> offsets);

// The text with every control character and every byte that is not part of valid UTF-8 replaced
// by '?': names come from hostile files and go to terminals and web pages.
std::string clean_text(std::string_view text);

}  // namespace sonde
