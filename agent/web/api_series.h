// SPDX-License-Identifier: Apache-2.0
// `/api/v1/series`, `/labels` and `/label/NAME/values`: sums of the index, no window is read.
// All through the gate.
#pragma once

#include "agent/web/api.h"
#include "agent/web/http_message.h"

namespace sonde {

HttpResponse answer_series(const ApiSources& sources, const HttpRequest& request);
HttpResponse answer_labels(const ApiSources& sources, const HttpRequest& request);
// The label is the request's wildcard.
HttpResponse answer_label_values(const ApiSources& sources, const HttpRequest& request);

}  // namespace sonde
