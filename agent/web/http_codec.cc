// SPDX-License-Identifier: Apache-2.0
#include "agent/web/http_codec.h"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "agent/web/request_framing.h"
#include "core/base/ascii.h"

namespace sonde {
namespace {

constexpr std::array<std::string_view, 13> kReadHeaders = {
    "host",           "connection",     "accept",         "accept-encoding", "content-length",
    "content-type",   "if-none-match",  "origin",         "sec-fetch-dest",  "sec-fetch-mode",
    "sec-fetch-site", "sec-fetch-user", "x-sonde-request"};

// The request with those headers alone: no Range (each one names a copy of the body), no Expect, no
// cookies of other programs on this host.
std::string read_part(std::string_view request) {
  constexpr std::string_view kLineEnd = "\r\n";
  std::string out;
  out.reserve(request.size());
  bool first = true;
  while (!request.starts_with(kLineEnd)) {
    const std::size_t end = request.find(kLineEnd);
    if (end == std::string_view::npos) return out;  // not framed: the parser will refuse it
    const std::string_view line = request.substr(0, end);
    if (first || std::any_of(kReadHeaders.begin(), kReadHeaders.end(),
                             [&](std::string_view name) { return is_header_line(line, name); })) {
      out.append(line).append(kLineEnd);
    }
    first = false;
    request.remove_prefix(end + kLineEnd.size());
  }
  return out.append(request);
}

// A request in memory, its answer in memory.
class MemoryStream : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view request) : request_(request) {}

  [[nodiscard]] std::string take() { return std::move(answer_); }
  [[nodiscard]] std::string_view rest() const { return request_; }

  [[nodiscard]] bool is_readable() const override { return !request_.empty(); }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* into, size_t size) override {
    const std::size_t bytes = request_.copy(into, size);
    request_.remove_prefix(bytes);
    return static_cast<ssize_t>(bytes);
  }
  ssize_t write(const char* bytes, size_t size) override {
    answer_.append(bytes, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override { none(ip, port); }
  void get_local_ip_and_port(std::string& ip, int& port) const override { none(ip, port); }
  [[nodiscard]] socket_t socket() const override { return 0; }

 private:
  static void none(std::string& ip, int& port) {
    ip.clear();
    port = 0;
  }

  std::string_view request_;
  std::string answer_;
};

std::string_view reason_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

HttpRequest request_of(const httplib::Request& from) {
  HttpRequest out;
  out.method = from.method;
  const std::size_t mark = from.target.find('?');
  out.path = from.target.substr(0, mark);
  if (mark != std::string::npos) out.query = from.target.substr(mark + 1);
  for (const auto& [name, value] : from.headers) out.headers.emplace_back(lower(name), value);
  return out;
}

}  // namespace

class HttpCodec::Protocol : private httplib::Server {
 public:
  explicit Protocol(HttpHandler handler) : handler_(std::move(handler)) {
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& into) {
      fill(into);
      return HandlerResponse::Handled;
    });
    set_exception_handler(
        [this](const httplib::Request&, httplib::Response& into, const std::exception_ptr&) {
          into = {};
          put(http_error(500, "the request failed inside sonde"), into);
          answer_.refusal = HttpRefusal::kFailed;
        });
    set_post_routing_handler(
        [this](const httplib::Request&, httplib::Response& into) { finish(into); });
  }

  HttpAnswer answer(std::string_view request, bool from_loopback) {
    answer_ = {};
    parsed_ = false;
    const std::string read = read_part(request);
    MemoryStream stream(read);
    bool closed = false;
    process_request(stream, false, closed, [&](httplib::Request& from) {
      parsed_ = true;
      request_ = request_of(from);
      request_.body = stream.rest();
      request_.from_loopback = from_loopback;
      from.headers.erase("Accept-Encoding");  // compressing is ours
    });
    answer_.bytes = stream.take();
    answer_.keep_alive = parsed_ && !closed;
    if (!parsed_) answer_.refusal = HttpRefusal::kMalformed;
    return std::move(answer_);
  }

 private:
  void fill(httplib::Response& into) {
    HttpResponse response = handler_(request_);
    answer_.refusal = response.refusal;
    put(std::move(response), into);
  }

  static void put(HttpResponse response, httplib::Response& into) {
    into.status = response.status;
    for (const auto& [name, value] : response.headers) into.set_header(name, value);
    into.body = std::move(response.body);
    if (!into.body.empty()) into.set_header("Content-Type", response.content_type);
  }

  // Of every answer, also of the library's own refusals.
  void finish(httplib::Response& into) {
    answer_.status = into.status;
    into.headers.erase("Accept-Ranges");
    into.headers.erase("Keep-Alive");  // what it says is not so here
    if (!parsed_) into.set_header("Connection", "close");
    for (const auto& [name, value] : default_headers()) {
      if (!into.has_header(name)) into.set_header(name, value);
    }
  }

  const HttpHandler handler_;
  HttpRequest request_;
  HttpAnswer answer_;
  bool parsed_ = false;
};

HttpCodec::HttpCodec(HttpHandler handler)
    : protocol_(std::make_unique<Protocol>(std::move(handler))) {}

HttpCodec::~HttpCodec() = default;

HttpAnswer HttpCodec::answer(std::string_view request, bool from_loopback) {
  return protocol_->answer(request, from_loopback);
}

std::string http_refusal_bytes(int status, std::string_view why) {
  const HttpResponse response = http_error(status, why);
  std::string out = "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_of(status)) +
                    "\r\nConnection: close\r\n";
  for (const auto& [name, value] : default_headers()) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  return out + "Content-Type: " + response.content_type +
         "\r\nContent-Length: " + std::to_string(response.body.size()) + "\r\n\r\n" + response.body;
}

const HttpHeaders& default_headers() {
  static const HttpHeaders headers = {{"Cache-Control", "no-store"},
                                      {"Content-Security-Policy", std::string(kDataPolicy)},
                                      {"X-Content-Type-Options", "nosniff"},
                                      {"Referrer-Policy", "no-referrer"},
                                      {"Cross-Origin-Opener-Policy", "same-origin"},
                                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  return headers;
}

}  // namespace sonde
