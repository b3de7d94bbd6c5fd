// SPDX-License-Identifier: Apache-2.0
// What one listener serves, put together: whom it answers, what is where, how it is sent.
#pragma once

#include "agent/web/guard.h"
#include "agent/web/http_message.h"
#include "agent/web/router.h"

namespace sonde {

// A handler for HttpServer: the guard refuses, the router answers, the answer is compressed.
HttpHandler make_site(Guard guard, Router router);

}  // namespace sonde
