// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/names_message.h"

#include <span>

namespace sonde {
namespace {

template <typename T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

std::uint32_t NamesMessage::add_function(std::uint64_t begin, std::string_view system_name,
                                         std::string_view name) {
  if (strings_.size() > kMaxStringBytes) return kNoFunction;
  WireFunction function{.file_offset = begin};
  function.system_name = static_cast<std::uint32_t>(strings_.size());
  function.system_name_bytes = static_cast<std::uint32_t>(system_name.size());
  strings_ += system_name;
  if (name.empty()) {
    function.name = function.system_name;
    function.name_bytes = function.system_name_bytes;
  } else {
    function.name = static_cast<std::uint32_t>(strings_.size());
    function.name_bytes = static_cast<std::uint32_t>(name.size());
    strings_ += name;
  }
  functions_.push_back(function);
  return static_cast<std::uint32_t>(functions_.size() - 1);
}

std::string NamesMessage::head(std::size_t string_bytes) const {
  const WireNamesHeader header{static_cast<std::uint32_t>(functions_.size()),
                               static_cast<std::uint32_t>(entries_.size()), string_bytes};
  std::string out;
  out.reserve(sizeof(header) + functions_.size() * sizeof(WireFunction) +
              entries_.size() * sizeof(WireNameEntry));
  append(out, header);
  const auto append_all = [&out](const auto& values) {
    const auto bytes = std::as_bytes(std::span(values));
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  append_all(functions_);
  append_all(entries_);
  return out;
}

}  // namespace sonde
