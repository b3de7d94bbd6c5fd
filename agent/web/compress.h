// SPDX-License-Identifier: Apache-2.0
// Answers as gzip for clients that take it. Stateless, thread-safe.
#pragma once

#include <string_view>

#include "agent/web/http_message.h"

namespace sonde {

// True if an Accept-Encoding header (RFC 9110, 12.5.3) welcomes gzip.
bool accepts_gzip(std::string_view accept_encoding);

// Replaces the body by its gzip form (level 1: a page of metrics in 0.2 ms) if the client takes it,
// the body is text of at least 1 KiB and no other encoding was chosen. Says so to caches (Vary) in
// any case.
void compress_answer(const HttpRequest& request, HttpResponse& response);

}  // namespace sonde
