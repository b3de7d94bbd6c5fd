// SPDX-License-Identifier: Apache-2.0
// SymbolizedProfile -> pprof file (gzip of the protobuf message), readable by every pprof tool.
// Stateless, thread-safe.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/model/profile.h"

namespace sonde {

// One pprof file.
//
// Values      samples/count and cpu/nanoseconds; period type cpu/nanoseconds.
// Mappings    one per image; the first is the executable with most CPU time, because readers take
//             mapping 1 for the main binary. Start is 0 and file offset is 0, so a location's
//             address is the offset in its file; kernel images start at their lowest address.
// Labels      process, pid, stop, origin (of the leaf); stop_image where a walk was cut in a file.
// Comments    facts of the recording; facts of frames in unused strings: see facts.h.
// Text        bytes that are not UTF-8 become `\xNN`, because several readers refuse them.
//
// errors      kInvalidArgument   an index of the profile is out of range (a bug of the caller)
//             kResourceExhausted more than 2 GiB of message
// cost        linear; the message is held once in memory before compression.
Result<std::string> encode_pprof(const SymbolizedProfile& profile);

}  // namespace sonde
