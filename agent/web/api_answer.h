// SPDX-License-Identifier: Apache-2.0
// What all answers of the API have in common: how many are made at once, in how much time, and what
// a browser may keep of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/store/history.h"
#include "agent/web/api.h"
#include "agent/web/http_message.h"
#include "agent/web/time_range.h"
#include "core/base/result.h"

namespace sonde {

// 400 for a question that makes no sense, 503 with Retry-After where a later one may be answered,
// else 500.
HttpResponse error_answer(const Error& error);

// Unix milliseconds, as every time of the API.
constexpr std::uint64_t to_ms(std::uint64_t ns) { return ns / 1'000'000; }

HistoryRange history_range(const TimeRange& range);

// What an answer reads of the history: its index alone, or windows.
enum class Reads : std::uint8_t { kSums, kWindows };

// Lets a few answers at a time read the history: they take a core each, and all threads that answer
// must never be busy with them. Windows take long: sums find a place beside them. Thread-safe.
class ReadGate {
 public:
  static constexpr std::ptrdiff_t kAtOnce = 3;
  static constexpr std::ptrdiff_t kWindowsAtOnce = 2;  // of those

  ReadGate();
  ~ReadGate();
  ReadGate(const ReadGate&) = delete;
  ReadGate& operator=(const ReadGate&) = delete;

  // What `make` returns; 503 if no place becomes free within `patience`.
  HttpResponse run(Reads what, std::chrono::milliseconds patience,
                   const std::function<HttpResponse()>& make);

 private:
  struct Places;
  std::unique_ptr<Places> places_;
};

// A closed range: given in absolute times, over before the window began that was stored last, and
// by the clock. Nothing is added to it any more, so a browser may keep its answer for ten minutes
// and ask for it by its tag, if all of it could be read: asked before reading and after.
bool is_closed(const ApiSources& sources, const TimeRange& range);

// answer  a 200 becomes a 304 without a body where the browser has it.
void mark_closed(const HttpRequest& request, HttpResponse& answer);

}  // namespace sonde
