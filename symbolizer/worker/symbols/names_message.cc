// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/names_message.h"

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

std::string NamesMessage::finish() const {
  const WireNamesHeader header{static_cast<std::uint32_t>(functions_.size()),
                               static_cast<std::uint32_t>(entries_.size()), strings_.size()};
  std::string out;
  out.reserve(sizeof(header) + functions_.size() * sizeof(WireFunction) +
              entries_.size() * sizeof(WireNameEntry) + strings_.size());
  append(out, header);
  for (const WireFunction& function : functions_) append(out, function);
  for (const WireNameEntry& entry : entries_) append(out, entry);
  out += strings_;
  return out;
}

}  // namespace sonde
