// SPDX-License-Identifier: Apache-2.0
// `/api/v1/flame` and `/api/v1/profile`: a range as a flame graph, or as a file.
#pragma once

#include "agent/web/api.h"
#include "agent/web/api_answer.h"
#include "agent/web/http_message.h"

namespace sonde {

// Both read every window of the range: through the gate.
HttpResponse answer_flame(const ApiSources& sources, const HttpRequest& request);
HttpResponse answer_profile(const ApiSources& sources, const HttpRequest& request);

// `sonde-HOST-cpu-20250613T1402Z-15m`: what a file of a range is called, in [A-Za-z0-9._-] only.
std::string profile_file_name(std::string_view host, std::string_view type, const TimeRange& range);

}  // namespace sonde
