// SPDX-License-Identifier: Apache-2.0
#include "agent/web/compress.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "core/compress/gzip.h"

namespace sonde {
namespace {

constexpr std::size_t kMinBytes = 1024;
constexpr int kLevel = 1;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

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
    const std::size_t end = std::min(accept_encoding.find(','), accept_encoding.size());
    const std::string_view part = accept_encoding.substr(0, end);
    accept_encoding.remove_prefix(std::min(end + 1, accept_encoding.size()));
    const std::size_t semicolon = std::min(part.find(';'), part.size());
    const std::string_view name = trimmed(part.substr(0, semicolon));
    const bool taken = !is_refused(part.substr(std::min(semicolon + 1, part.size())));
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
