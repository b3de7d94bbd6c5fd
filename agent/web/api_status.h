// SPDX-License-Identifier: Apache-2.0
// `/api/v1/status`: what the agent is and whether it works. `/api/v1/health`: whether a range can
// be trusted, and every reason.
#pragma once

#include "agent/web/api.h"
#include "agent/web/http_message.h"

namespace sonde {

HttpResponse answer_status(const ApiSources& sources, const HttpRequest& request);
// Reads every window of the range: through the gate.
HttpResponse answer_health(const ApiSources& sources, const HttpRequest& request);

}  // namespace sonde
