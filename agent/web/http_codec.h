// SPDX-License-Identifier: Apache-2.0
// The bytes of one request in, the bytes of its answer out: the only user of cpp-httplib, which
// parses and writes here but never sees a socket. It would give a thread to each connection, read
// lines without a limit, answer any number of ranges and poll a hundred times a second.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/web/http_message.h"

namespace sonde {

struct HttpAnswer {
  std::string bytes;
  int status = 0;
  bool keep_alive = false;  // the connection may carry another request
  std::optional<HttpRefusal> refusal;
};

// Thread-confined; cheap to make. Making the first one ignores SIGPIPE in this process.
class HttpCodec {
 public:
  explicit HttpCodec(HttpHandler handler);
  ~HttpCodec();
  HttpCodec(const HttpCodec&) = delete;
  HttpCodec& operator=(const HttpCodec&) = delete;

  // Answers one request, whole as frame_request() found it. Headers that no handler reads are left
  // out (HttpRequest::headers holds those of kReadHeaders). HEAD is answered as GET without a body.
  HttpAnswer answer(std::string_view request, bool from_loopback = false);

 private:
  class Protocol;
  std::unique_ptr<Protocol> protocol_;
};

// The answer to a request that is not parsed, after which the connection ends: 400, 408, 411, 413,
// 414, 431 or 503.
std::string http_refusal_bytes(int status, std::string_view why);

// Content-Security-Policy of everything but the page (exporters/text/live_page.h): should a browser
// show it as a document, it can do nothing.
inline constexpr std::string_view kDataPolicy =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

// What every answer has unless its handler says otherwise: nothing is kept, sniffed, framed or
// told to other sites.
const HttpHeaders& default_headers();

}  // namespace sonde
