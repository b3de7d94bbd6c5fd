// SPDX-License-Identifier: Apache-2.0
#include "agent/web/query.h"

#include "core/base/ascii.h"
#include "core/base/utf8.h"

namespace sonde {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error wrong(std::string_view what) { return {ErrorCode::kInvalidArgument, std::string(what)}; }

}  // namespace

Result<std::string> percent_decode(std::string_view text, PlusSign plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus == PlusSign::kSpace) {
      out += ' ';
    } else if (text[at] != '%') {
      out += text[at];
    } else {
      const int high = at + 2 < text.size() ? digit_of(text[at + 1]) : -1;
      const int low = at + 2 < text.size() ? digit_of(text[at + 2]) : -1;
      if (high < 0 || low < 0) return wrong("% needs two hexadecimal digits");
      out += static_cast<char>(high * 16 + low);
      at += 2;
    }
  }
  if (out.find('\0') != std::string::npos) return wrong("a zero byte");
  if (!is_valid_utf8(out)) return wrong("not UTF-8");
  return out;
}

Result<QueryParameters> parse_query(std::string_view query) {
  QueryParameters out;
  while (!query.empty()) {
    std::string_view rest = next_part(query, '&');
    if (rest.empty()) continue;
    if (out.size() == kMaxParameters) return wrong("more than 64 parameters");
    auto name = percent_decode(next_part(rest, '='), PlusSign::kSpace);
    if (!name) return name.error();
    auto value = percent_decode(rest, PlusSign::kSpace);
    if (!value) return value.error().with_context(*name);
    out.emplace_back(*std::move(name), *std::move(value));
  }
  return out;
}

}  // namespace sonde
