// SPDX-License-Identifier: Apache-2.0
// The parameters that one part of the API knows, out of the text behind a question mark. Immutable,
// thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/web/query.h"
#include "core/base/result.h"

namespace sonde {

class Parameters {
 public:
  // single    names that may stand once; repeated  names that may stand several times.
  // errors    kInvalidArgument  as parse_query, an unknown name (with the nearest), one too often.
  static Result<Parameters> parse(std::string_view query, std::span<const std::string_view> single,
                                  std::span<const std::string_view> repeated = {});

  // The value of a name, none if it was not given.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::string_view value(std::string_view name, std::string_view fallback) const {
    return find(name).value_or(fallback);
  }
  // Every value of a name, in their order.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;

 private:
  explicit Parameters(QueryParameters given) : given_(std::move(given)) {}

  QueryParameters given_;
};

// `a, b, c`, for messages.
std::string listed(std::span<const std::string_view> words);

}  // namespace sonde
