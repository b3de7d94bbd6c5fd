// SPDX-License-Identifier: Apache-2.0
#include "agent/web/parameters.h"

#include <algorithm>

#include "core/base/nearest_name.h"

namespace sonde {
namespace {

Error wrong(std::string what) { return {ErrorCode::kInvalidArgument, std::move(what)}; }

bool is_among(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Result<Parameters> Parameters::parse(std::string_view query,
                                     std::span<const std::string_view> single,
                                     std::span<const std::string_view> repeated) {
  auto given = parse_query(query);
  if (!given) return given.error();
  std::vector<std::string_view> known(single.begin(), single.end());
  known.insert(known.end(), repeated.begin(), repeated.end());
  for (const auto& one : *given) {
    const std::string& name = one.first;
    if (!is_among(name, known)) {
      const auto near = nearest_name(name, known);
      return wrong(
          "unknown parameter " + name +
          (near ? "; the nearest is " + std::string(*near) : "; known are " + listed(known)));
    }
    const auto times = std::count_if(given->begin(), given->end(),
                                     [&](const auto& other) { return other.first == name; });
    if (times > 1 && !is_among(name, repeated)) return wrong(name + " stands twice");
  }
  return Parameters(*std::move(given));
}

std::optional<std::string_view> Parameters::find(std::string_view name) const {
  const auto found = std::find_if(given_.begin(), given_.end(),
                                  [&](const auto& one) { return one.first == name; });
  if (found == given_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string_view> Parameters::all(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const auto& [key, value] : given_) {
    if (key == name) out.emplace_back(value);
  }
  return out;
}

std::string listed(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

}  // namespace sonde
