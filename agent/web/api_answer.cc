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
  using Some = std::counting_semaphore<kAtOnce>;
  Some all{kAtOnce};
  Some windows{kWindowsAtOnce};
};

ReadGate::ReadGate() : places_(std::make_unique<Places>()) {}
ReadGate::~ReadGate() = default;

HttpResponse ReadGate::run(Reads what, std::chrono::milliseconds patience,
                           const std::function<HttpResponse()>& make) {
  struct Place {
    explicit Place(Places::Some& some) : free(some) {}
    ~Place() {
      if (held) free.release();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Places::Some& free;
    bool held = false;
  };
  const auto latest = std::chrono::steady_clock::now() + patience;
  Place windows(places_->windows);
  Place any(places_->all);
  if (what == Reads::kWindows) windows.held = windows.free.try_acquire_until(latest);
  if (what == Reads::kSums || windows.held) any.held = any.free.try_acquire_until(latest);
  if (!any.held) return busy("other answers are being made: try again");
  // The memory that it took goes back too: it would stay with this thread's heap.
  struct Trim {
    ~Trim() { ::malloc_trim(0); }
  } const trim;
  return make();
}

bool is_closed(const ApiSources& sources, const TimeRange& range) {
  const auto end_ns = static_cast<std::uint64_t>(range.to_ns);
  return range.is_absolute && end_ns <= sources.now_ns() && sources.history.has_all_before(end_ns);
}

void mark_closed(const HttpRequest& request, HttpResponse& answer) {
  if (answer.status != 200) return;
  answer.headers.emplace_back("Cache-Control", "private, max-age=600");
  tag_answer(request, answer);
}

}  // namespace sonde
