// SPDX-License-Identifier: Apache-2.0
#include "agent/web/compress.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "core/base/ascii.h"
#include "core/compress/gzip.h"

namespace sonde {
namespace {

constexpr std::size_t kMinBytes = 1024;
constexpr int kLevel = 1;

// `;q=0`, `; q=0.00`: the only weight that refuses.
bool is_refused(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (!parameters.starts_with("q=") && !parameters.starts_with("Q=")) return false;
  return parameters.find_first_not_of("0.", 2) == std::string_view::npos;
}

bool is_text(std::string_view type) {
  constexpr std::array<std::string_view, 5> kTypes = {"text/", "application/json",
                                                      "application/openmetrics-text",
                                                      "application/javascript", "image/svg+xml"};
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](std::string_view known) { return type.starts_with(known); });
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<bool> gzip;
  std::optional<bool> any;
  while (!accept_encoding.empty()) {
    std::string_view parameters = next_part(accept_encoding, ',');
    const std::string_view name = trimmed(next_part(parameters, ';'));
    const bool taken = !is_refused(parameters);
    if (name == "gzip" || name == "x-gzip") gzip = taken;
    if (name == "*") any = taken;
  }
  return gzip.value_or(any.value_or(false));
}

void compress_answer(const HttpRequest& request, HttpResponse& response) {
  if (!is_text(response.content_type) || response.body.size() < kMinBytes) return;
  const bool encoded = std::any_of(response.headers.begin(), response.headers.end(),
                                   [](const auto& one) { return one.first == "Content-Encoding"; });
  if (encoded) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts_gzip(request.header("accept-encoding"))) return;
  auto smaller = gzip_compress(response.body, kLevel);
  if (!smaller) return;  // out of memory: as it is
  response.body = *std::move(smaller);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace sonde
