// SPDX-License-Identifier: Apache-2.0
// Words for stacks that are not whole: one table for folded, flame graph and terminal. Stateless.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sonde {

// A few words: `no unwind row`; empty for stacks that are whole.
std::string_view stop_phrase(std::uint16_t stop);

// The whole sentence, as bpf/abi/stop.h has it; empty past the table.
std::string_view stop_sentence(std::uint16_t stop);

// What the user can do about it; empty where there is nothing to do.
std::string_view stop_advice(std::uint16_t stop);

// The frame a cut stack begins with: `stack cut: no unwind row in legacyd`.
//
// image_path  where the walk ended; empty = not known.
std::string cut_frame_name(std::uint16_t stop, std::string_view image_path);

// The last component of a path; the path itself if it ends in a slash.
std::string_view path_base(std::string_view path);

}  // namespace sonde
