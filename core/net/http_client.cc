// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client.h"

#include <curl/curl.h>

#include <mutex>

namespace sonde {
namespace {

// What curl writes into while an answer comes in.
struct Body {
  std::string bytes = {};
  std::size_t max_bytes = 0;
  bool is_over = false;
};

std::size_t take(char* data, std::size_t one, std::size_t count, void* into) {
  auto& body = *static_cast<Body*>(into);
  const std::size_t bytes = one * count;
  body.is_over = bytes > body.max_bytes - body.bytes.size();
  if (body.is_over) return CURL_WRITEFUNC_ERROR;
  body.bytes.append(data, bytes);
  return bytes;
}

CURL* new_handle() {
  static std::once_flag once;
  std::call_once(once, [] { ::curl_global_init(CURL_GLOBAL_NOTHING); });
  return ::curl_easy_init();
}

// asked  a connection was there to ask over.
ErrorCode code_of(CURLcode code, bool asked) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return asked ? ErrorCode::kDeadlineExceeded : ErrorCode::kUnavailable;
    case CURLE_UNSUPPORTED_PROTOCOL:  // of the URL; also said of an answer that is no HTTP
      return asked ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument;
    case CURLE_URL_MALFORMAT:
      return ErrorCode::kInvalidArgument;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::kResourceExhausted;
    default:
      return ErrorCode::kUnavailable;
  }
}

}  // namespace

void HttpClient::CloseHandle::operator()(void* handle) const { ::curl_easy_cleanup(handle); }

HttpClient::HttpClient(HttpLimits limits) : limits_(limits), handle_(new_handle()) {}

std::string percent_encoded(const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> out(
      ::curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), ::curl_free);
  return out ? out.get() : std::string();
}

Result<HttpAnswer> HttpClient::get(const std::string& url) { return ask(url, nullptr); }

Result<HttpAnswer> HttpClient::post(const std::string& url, const std::string& header) {
  return ask(url, &header);
}

// A header of its own makes it a POST.
Result<HttpAnswer> HttpClient::ask(const std::string& url, const std::string* header) {
  CURL* const curl = handle_.get();
  if (curl == nullptr) return Error{ErrorCode::kResourceExhausted, "no memory for libcurl"};
  Body body{.max_bytes = limits_.max_bytes};
  std::string words(CURL_ERROR_SIZE, '\0');
  ::curl_easy_reset(curl);
  // Values of options are variadic: their types are those of curl_easy_setopt(3).
  const auto set = [curl](CURLoption option, auto value) {
    ::curl_easy_setopt(curl, option, value);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http");
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_HTTP09_ALLOWED, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_ACCEPT_ENCODING, "gzip");
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits_.total.count()));
  set(CURLOPT_ERRORBUFFER, words.data());
  set(CURLOPT_WRITEFUNCTION, take);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&body));
  std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(nullptr, ::curl_slist_free_all);
  if (header != nullptr) {
    headers.reset(::curl_slist_append(nullptr, header->c_str()));
    set(CURLOPT_HTTPHEADER, headers.get());
    set(CURLOPT_POSTFIELDS, "");
  }
  const CURLcode code = ::curl_easy_perform(curl);
  set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
  if (body.is_over) {
    return Error{ErrorCode::kResourceExhausted,
                 "the answer is larger than " + std::to_string(limits_.max_bytes) + " bytes"};
  }
  if (code != CURLE_OK) {
    curl_off_t asked_us = 0;
    ::curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &asked_us);  // NOLINT(*-vararg)
    words.resize(words.find('\0'));
    return Error{code_of(code, asked_us > 0), words.empty() ? ::curl_easy_strerror(code) : words};
  }
  long status = 0;
  ::curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);  // NOLINT(*-vararg)
  return HttpAnswer{static_cast<int>(status), std::move(body.bytes)};
}

}  // namespace sonde
