// SPDX-License-Identifier: Apache-2.0
// Answers that a client has already: told by their tag instead of sent again. Stateless,
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "agent/web/http_message.h"

namespace sonde {

// A weak tag of the bytes (`W/"..."`): equal for equal bytes, compressed or not.
std::string etag_of(std::string_view bytes);

// True if an If-None-Match header (RFC 9110, 13.1.2) names the tag.
bool matches_etag(std::string_view if_none_match, std::string_view etag);

// Gives a 200 its tag; if the client has it, the answer becomes a 304 without a body.
void tag_answer(const HttpRequest& request, HttpResponse& response);

}  // namespace sonde
