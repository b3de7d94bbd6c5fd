// SPDX-License-Identifier: Apache-2.0
// Part of the API: what changes something, and so is a POST. docs/api.md describes the answers.
#pragma once

#include "agent/web/api.h"
#include "agent/web/http_message.h"
#include "core/base/json.h"

namespace sonde {

HttpResponse answer_boost(const ApiSources& sources, const HttpRequest& request);
HttpResponse answer_boost_end(const ApiSources& sources, const HttpRequest& request);

// As /status lists them too.
Json boost_json(const BoostFacts& boost);

}  // namespace sonde
