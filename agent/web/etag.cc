// SPDX-License-Identifier: Apache-2.0
#include "agent/web/etag.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <span>

#include "core/base/ascii.h"
#include "core/base/checksum.h"

namespace sonde {
namespace {

// Without what says that it is weak: here only equality matters.
std::string_view opaque(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

}  // namespace

std::string etag_of(std::string_view bytes) {
  const std::uint64_t sum = checksum(std::as_bytes(std::span(bytes.data(), bytes.size())));
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), sum, 16);
  return "W/\"" + std::string(digits.data(), error == std::errc() ? end : digits.data()) + "\"";
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const std::string_view tag = trimmed(next_part(if_none_match, ','));
    if (tag == "*" || (!tag.empty() && opaque(tag) == opaque(etag))) return true;
  }
  return false;
}

void tag_answer(const HttpRequest& request, HttpResponse& response) {
  if (response.status != 200) return;
  const std::string tag = etag_of(response.body);
  response.headers.emplace_back("ETag", tag);
  if (!matches_etag(request.header("if-none-match"), tag)) return;
  response.status = 304;
  response.body.clear();
}

}  // namespace sonde
