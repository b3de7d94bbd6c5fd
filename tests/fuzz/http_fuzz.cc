// SPDX-License-Identifier: Apache-2.0
// Bytes of any client: what is framed is answered by a whole site with one well-formed answer, and
// bytes behind a request never change where it ends.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/web/health.h"
#include "agent/web/http_codec.h"
#include "agent/web/metrics_page.h"
#include "agent/web/profile_query.h"
#include "agent/web/request_framing.h"
#include "agent/web/site.h"

namespace {

using sonde::HttpRequest;
using sonde::HttpResponse;

sonde::HttpHandler make_handler() {
  static sonde::MetricsPage page;
  page.add("build", sonde::add_build_metrics);
  sonde::Router router;
  sonde::add_health(router, [] { return sonde::Readiness{true, "fuzzed"}; });
  router.get("/metrics", [](const HttpRequest& request) { return page.answer(request); });
  router.get("/label/*/values",
             [](const HttpRequest& request) { return sonde::http_error(404, request.wildcard); });
  router.post("/boost", [](const HttpRequest& request) {
    return HttpResponse{.content_type = "text/plain", .body = request.body};
  });
  router.get("/profile", [](const HttpRequest& request) {
    const auto query = sonde::parse_profile_query(request.query, 1'749'823'320'000'000'000);
    return query ? HttpResponse{} : sonde::http_error(400, query.error().message);
  });
  return sonde::make_site(sonde::Guard::own_names(sonde::ListenAddress{}, ""), std::move(router));
}

[[noreturn]] void fail(std::string_view why, std::string_view answer) {
  std::fprintf(stderr, "%.*s:\n%.*s\n", static_cast<int>(why.size()), why.data(),
               static_cast<int>(answer.size()), answer.data());
  std::abort();
}

// One status line, headers of one line each, a body of the length that they say.
void check(std::string_view answer, bool head) {
  const std::size_t end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 ") || end == answer.npos) fail("no head", answer);
  if (answer.find("X-Content-Type-Options: nosniff\r\n") > end) fail("unguarded", answer);
  std::string_view lines = answer.substr(0, end + 2);
  std::size_t length = 0;
  lines.remove_prefix(lines.find("\r\n") + 2);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(line.size() + 2);
    if (line.find(": ") == line.npos || line.find_first_of("\r\n") != line.npos) {
      fail("a broken header", answer);
    }
    if (line.starts_with("Content-Length: ")) length = std::stoul(std::string(line.substr(16)));
  }
  if (!head && answer.size() != end + 4 + length) fail("a body of another length", answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sonde::HttpCodec codec(make_handler());
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const sonde::RequestFrame frame = sonde::frame_request(bytes, {});
  if (frame.status != 0) {
    check(sonde::http_refusal_bytes(frame.status, frame.why), false);
    return 0;
  }
  if (!frame.bytes) return 0;
  if (*frame.bytes > size) std::abort();
  const std::string_view request = bytes.substr(0, *frame.bytes);
  if (sonde::frame_request(request, {}).bytes != frame.bytes) std::abort();
  check(codec.answer(request, true).bytes, request.starts_with("HEAD "));
  return 0;
}
