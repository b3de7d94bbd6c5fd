// SPDX-License-Identifier: Apache-2.0
#include "agent/web/request_framing.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/ascii.h"

namespace sonde {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

RequestFrame refused(int status, HttpRefusal refusal, std::string_view why) {
  return {.bytes = std::nullopt, .status = status, .refusal = refusal, .why = why};
}

RequestFrame malformed(std::string_view why) { return refused(400, HttpRefusal::kMalformed, why); }

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const char low = lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

// A head holds CR and LF together only, and no other control but tab.
bool is_clean(std::string_view head) {
  for (std::size_t at = 0; at < head.size(); ++at) {
    const auto c = static_cast<unsigned char>(head[at]);
    if (c == '\r' && at + 1 < head.size() && head[at + 1] == '\n') {
      ++at;
    } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
      return false;
    }
  }
  return true;
}

// Cuts the line before the next CR LF off the front of `rest`.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(kLineEnd), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + kLineEnd.size(), rest.size()));
  return line;
}

// `GET /path?query HTTP/1.1`. Absolute targets are for proxies.
std::optional<RequestFrame> wrong_request_line(std::string_view line, const FramingLimits& limits) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
    return malformed("the request line is not: METHOD TARGET VERSION");
  }
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (target.size() > limits.target_bytes) {
    return refused(414, HttpRefusal::kTooLarge, "the path and the query are too long");
  }
  const bool printable = std::all_of(target.begin(), target.end(),
                                     [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
  if (!target.starts_with('/') || !printable) return malformed("the target must be a path");
  const std::string_view version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return malformed("the version must be HTTP/1.1 or HTTP/1.0");
  }
  return std::nullopt;
}

// What the headers say about the body and about each other.
class Headers {
 public:
  explicit Headers(const FramingLimits& limits) : limits_(limits) {}

  std::optional<RequestFrame> wrong_line(std::string_view line) {
    if (++count_ > limits_.headers) {
      return refused(431, HttpRefusal::kTooLarge, "too many headers");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
      return malformed("a header is not: NAME: VALUE");
    }
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (is_header_line(line, "host") && ++hosts_ > 1) return malformed("more than one Host");
    if (is_header_line(line, "transfer-encoding")) {
      return refused(411, HttpRefusal::kMalformed, "a body needs Content-Length");
    }
    if (is_header_line(line, "content-length")) return wrong_length(value);
    return std::nullopt;
  }

  [[nodiscard]] std::size_t body() const { return body_; }

 private:
  std::optional<RequestFrame> wrong_length(std::string_view value) {
    std::size_t bytes = 0;
    const char* const end = value.data() + value.size();
    const auto [stop, error] = std::from_chars(value.data(), end, bytes);
    if (std::exchange(has_length_, true) || value.empty() || stop != end ||
        error == std::errc::invalid_argument) {
      return malformed("Content-Length must be one number");
    }
    if (error != std::errc() || bytes > limits_.body_bytes) {
      return refused(413, HttpRefusal::kTooLarge, "the body is too large");
    }
    body_ = bytes;
    return std::nullopt;
  }

  const FramingLimits& limits_;
  std::size_t count_ = 0;
  std::size_t hosts_ = 0;
  std::size_t body_ = 0;
  bool has_length_ = false;
};

}  // namespace

bool is_header_line(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         equal_ignoring_case(line.substr(0, name.size()), name);
}

RequestFrame frame_request(std::string_view received, const FramingLimits& limits) {
  // Another protocol (TLS) shows in its first byte: it would wait for an answer.
  if (!received.empty() && (received[0] < 'A' || received[0] > 'Z')) {
    return malformed("not HTTP");
  }
  const std::size_t end = received.substr(0, limits.head_bytes).find(kHeadEnd);
  if (end == std::string_view::npos) {
    if (received.size() < limits.head_bytes) return {};
    return refused(431, HttpRefusal::kTooLarge, "the headers are too large");
  }
  std::string_view head = received.substr(0, end);
  if (!is_clean(head)) return malformed("the headers hold a byte that may not stand there");
  if (auto wrong = wrong_request_line(next_line(head), limits)) return *wrong;
  Headers headers(limits);
  while (!head.empty()) {
    if (auto wrong = headers.wrong_line(next_line(head))) return *wrong;
  }
  const std::size_t bytes = end + kHeadEnd.size() + headers.body();
  if (received.size() < bytes) return {};
  return {.bytes = bytes, .status = 0, .refusal = {}, .why = {}};
}

}  // namespace sonde
