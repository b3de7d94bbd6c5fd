// SPDX-License-Identifier: Apache-2.0
// The file formats a profile can be written in, and how a file's name chooses one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/profile.h"

namespace sonde {

enum class OutputFormat { kPprof, kFolded, kSvg, kHtml, kSpeedscope };

// By the longest matching extension: .pb.gz .pprof / .folded .txt / .svg / .html .htm /
// .speedscope.json .json. None: the extension is not known.
std::optional<OutputFormat> format_of_path(std::string_view path);
// pprof, folded, svg, html, speedscope.
std::optional<OutputFormat> format_of_name(std::string_view name);
std::string_view name_of(OutputFormat format);
// `.pb.gz .pprof (pprof), .folded .txt (folded stacks), ...` for messages and help.
std::string known_extensions();

// The profile as a file of this format.
Result<std::string> encode_profile(const SymbolizedProfile& profile, OutputFormat format);

}  // namespace sonde
