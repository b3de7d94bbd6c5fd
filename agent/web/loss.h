// SPDX-License-Identifier: Apache-2.0
// Why a request did not get what it asked for. No sample is lost by it. One table: enumerators and
// the labels of `sonde_http_refused_total`; docs/losses.md explains each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde {

// X(identifier, label, one-line meaning)
#define SONDE_HTTP_REFUSALS(X)                                                            \
  X(kConnectionLimit, "connection_limit", "a connection made room, or found none")        \
  X(kSlowRequest, "slow_request", "the request did not arrive in time")                   \
  X(kSlowReader, "slow_reader", "the answer was not taken in time")                       \
  X(kMalformed, "malformed", "the request was not HTTP as this server reads it")          \
  X(kTooLarge, "too_large", "its head, its target or its body was larger than the limit") \
  X(kForeignHost, "foreign_host", "the Host header named another server (DNS rebinding)") \
  X(kCrossSite, "cross_site", "a page of another site sent the request")                  \
  X(kBusy, "busy", "too many bytes of answers waited for slow readers")                   \
  X(kFailed, "failed", "the handler failed: a bug or no memory")

enum class HttpRefusal : std::uint8_t {
#define SONDE_ENUMERATOR(identifier, label, meaning) identifier,
  SONDE_HTTP_REFUSALS(SONDE_ENUMERATOR)
#undef SONDE_ENUMERATOR
};

inline constexpr auto kHttpRefusalLabels = std::to_array<std::string_view>({
#define SONDE_LABEL(identifier, label, meaning) label,
    SONDE_HTTP_REFUSALS(SONDE_LABEL)
#undef SONDE_LABEL
});

inline std::string_view label_of(HttpRefusal refusal) {
  return kHttpRefusalLabels[static_cast<std::size_t>(refusal)];
}

}  // namespace sonde
