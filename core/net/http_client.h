// SPDX-License-Identifier: Apache-2.0
// Questions to HTTP servers: the only header in front of libcurl. An answer is bounded in time and
// bytes, redirects are not followed, proxies of the environment are not used.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "core/base/result.h"

namespace sonde {

struct HttpLimits {
  std::chrono::milliseconds connect{1'000};
  std::chrono::milliseconds total{10'000};  // connecting included
  std::size_t max_bytes = std::size_t{16} << 20;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// For a value of a query: whatever is not unreserved (RFC 3986, 2.3) as %XX.
std::string percent_encoded(const std::string& text);

// Keeps its connection open from one question to the next. Thread-confined.
class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits = {});

  // Asks for an `http://` URL; any status is an answer.
  //
  // errors  kUnavailable        nobody answers there, or no HTTP
  //         kDeadlineExceeded   connected, but no whole answer in time
  //         kResourceExhausted  more bytes than max_bytes
  //         kInvalidArgument    not such a URL
  Result<HttpAnswer> get(const std::string& url);
  // The same as a POST without a body.
  //
  // header  one of its own, `Name: value`.
  Result<HttpAnswer> post(const std::string& url, const std::string& header);

 private:
  Result<HttpAnswer> ask(const std::string& url, const std::string* header);
  struct CloseHandle {
    void operator()(void* handle) const;
  };

  HttpLimits limits_;
  std::unique_ptr<void, CloseHandle> handle_;  // a CURL*
};

}  // namespace sonde
