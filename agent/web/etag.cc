// SPDX-License-Identifier: Apache-2.0
#include "agent/web/etag.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>

#include "core/base/checksum.h"

namespace sonde {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

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
    const std::size_t end = std::min(if_none_match.find(','), if_none_match.size());
    const std::string_view tag = trimmed(if_none_match.substr(0, end));
    if (tag == "*" || (!tag.empty() && opaque(tag) == opaque(etag))) return true;
    if_none_match.remove_prefix(std::min(end + 1, if_none_match.size()));
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
