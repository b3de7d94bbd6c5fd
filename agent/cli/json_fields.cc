// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/json_fields.h"

#include <algorithm>

namespace sonde {
namespace {

const Json* find(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::uint64_t count_of(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(value.get<std::int64_t>(), 0));
  }
  if (!value.is_number_float()) return 0;
  constexpr double kMax = 1.8e19;
  const auto number = value.get<double>();
  return number > 0 && number < kMax ? static_cast<std::uint64_t>(number) : 0;
}

}  // namespace

std::string text_in(const Json& object, std::string_view name) {
  const Json* value = find(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

std::uint64_t count_in(const Json& object, std::string_view name) {
  const Json* value = find(object, name);
  return value == nullptr ? 0 : count_of(*value);
}

double number_in(const Json& object, std::string_view name) {
  const Json* value = find(object, name);
  return value != nullptr && value->is_number() ? value->get<double>() : 0;
}

bool flag_in(const Json& object, std::string_view name) {
  const Json* value = find(object, name);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

const Json& object_in(const Json& object, std::string_view name) {
  static const Json empty = Json::object();
  const Json* value = find(object, name);
  return value != nullptr && value->is_object() ? *value : empty;
}

const Json& list_in(const Json& object, std::string_view name) {
  static const Json empty = Json::array();
  const Json* value = find(object, name);
  return value != nullptr && value->is_array() ? *value : empty;
}

std::uint64_t count_at(const Json& list, std::size_t index) {
  return list.is_array() && index < list.size() ? count_of(list[index]) : 0;
}

}  // namespace sonde
