// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_answer.h"

#include <malloc.h>

#include <semaphore>

#include "agent/web/etag.h"

namespace sonde {
namespace {

constexpr std::string_view kRetryAfterSeconds = "2";

HttpResponse busy(std::string_view why) {
  HttpResponse out = http_error(503, why);
  out.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  return out;
}

}  // namespace

HttpResponse error_answer(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kOutOfRange:
      return http_error(400, error.message);
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kResourceExhausted:
      return busy(error.message);
    default:
      return http_error(500, error.message);
  }
}

HistoryRange history_range(const TimeRange& range) {
  return {static_cast<std::uint64_t>(range.from_ns), static_cast<std::uint64_t>(range.to_ns)};
}

struct ReadGate::Places {
  std::counting_semaphore<kAtOnce> free{kAtOnce};
};

ReadGate::ReadGate() : places_(std::make_unique<Places>()) {}
ReadGate::~ReadGate() = default;

HttpResponse ReadGate::run(std::chrono::milliseconds patience,
                           const std::function<HttpResponse()>& make) {
  if (!places_->free.try_acquire_for(patience)) {
    return busy("other answers are being made: try again");
  }
  // The memory that windows took goes back too: it would stay with this thread's heap.
  struct Place {
    std::counting_semaphore<kAtOnce>& free;
    ~Place() {
      ::malloc_trim(0);
      free.release();
    }
  } const place{places_->free};
  return make();
}

bool is_closed(const TimeRange& range, History& history) {
  if (!range.is_absolute) return false;
  const auto extent = history.extent();
  return extent.ok() && static_cast<std::uint64_t>(range.to_ns) <= extent->newest_begin_ns;
}

void mark_closed(const HttpRequest& request, HttpResponse& answer) {
  if (answer.status != 200) return;
  answer.headers.emplace_back("Cache-Control", "private, max-age=600");
  tag_answer(request, answer);
}

}  // namespace sonde
