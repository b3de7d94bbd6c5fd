// SPDX-License-Identifier: Apache-2.0
#include "agent/store/image_names.h"

#include <utility>

#include "core/base/byte_codec.h"

namespace sonde {
namespace {

constexpr char kVersion = 1;

}  // namespace

const StoredFunction* ImageNames::find(std::uint64_t offset) const {
  const auto found = at_.find(offset);
  return found == at_.end() ? nullptr : &functions_[found->second];
}

std::uint32_t ImageNames::index_of(const StoredFunction& function) {
  const auto [entry, fresh] =
      index_.try_emplace(function, static_cast<std::uint32_t>(functions_.size()));
  if (fresh) functions_.push_back(function);
  return entry->second;
}

bool ImageNames::add(std::uint64_t offset, const StoredFunction& function) {
  const auto known = at_.find(offset);
  if (known == at_.end() && at_.size() >= kMaxOffsets) return false;
  if (known != at_.end() && functions_[known->second] == function) return false;
  at_[offset] = index_of(function);
  return true;
}

std::vector<std::uint64_t> ImageNames::offsets() const {
  std::vector<std::uint64_t> out;
  out.reserve(at_.size());
  for (const auto& [offset, function] : at_) out.push_back(offset);
  return out;
}

// Functions in the order of their first offset, each once; those that nothing leads to are left
// out.
std::string ImageNames::encode() const {
  std::map<std::uint32_t, std::uint32_t> numbers;
  std::vector<std::uint32_t> used;
  for (const auto& [offset, function] : at_) {
    if (numbers.try_emplace(function, static_cast<std::uint32_t>(used.size())).second) {
      used.push_back(function);
    }
  }
  ByteWriter out;
  out.number(used.size());
  for (const std::uint32_t function : used) {
    out.text(functions_[function].name);
    out.text(functions_[function].system_name);
    out.number(functions_[function].file_offset);
  }
  out.number(at_.size());
  std::uint64_t last = 0;
  for (const auto& [offset, function] : at_) {
    out.number(offset - std::exchange(last, offset));
    out.number(numbers.at(function));
  }
  return kVersion + out.take();
}

Result<ImageNames> ImageNames::decode(std::string_view bytes) {
  const Error damaged{ErrorCode::kDataLoss, "a table of names that makes no sense"};
  if (bytes.empty()) return damaged;
  if (bytes.front() > kVersion) {
    return Error{ErrorCode::kUnimplemented, "a table of names of a later version of sonde"};
  }
  if (bytes.front() != kVersion) return damaged;
  ByteReader in(bytes.substr(1));
  std::vector<StoredFunction> functions;
  for (std::uint64_t left = in.count(kMaxOffsets); left > 0 && in.ok(); --left) {
    StoredFunction& function = functions.emplace_back();
    function.name = in.text();
    function.system_name = in.text();
    function.file_offset = in.number();
  }
  ImageNames names;
  std::uint64_t offset = 0;
  for (std::uint64_t left = in.count(kMaxOffsets); left > 0; --left) {
    offset += in.number();
    const std::uint64_t function = in.number();
    if (!in.ok() || function >= functions.size()) return damaged;
    names.add(offset, functions[function]);
  }
  if (!in.ok() || !in.empty()) return damaged;
  return names;
}

}  // namespace sonde
