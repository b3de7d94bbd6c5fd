// SPDX-License-Identifier: Apache-2.0
// Builds the names message: functions once each, their texts, one entry per question.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "symbolizer/wire/messages.h"

namespace sonde {

class NamesMessage {
 public:
  static constexpr std::uint32_t kNoFunction = 0xffffffff;
  // Of all texts together; a message with more of them takes no further function.
  static constexpr std::size_t kMaxStringBytes = std::size_t{256} << 20;

  // name   demangled; empty: the symbol's own name is the name. Returns the function's number, or
  // kNoFunction if the message is full.
  std::uint32_t add_function(std::uint64_t begin, std::string_view system_name,
                             std::string_view name);
  // The same with texts that lie elsewhere: `place` says where in the strings that head() is told
  // of.
  std::uint32_t add_placed(const WireFunction& place) {
    functions_.push_back(place);
    return static_cast<std::uint32_t>(functions_.size() - 1);
  }
  void add_entry(std::uint32_t function) { entries_.push_back({function, 0, 0}); }
  void add_unnamed(Reason reason, std::uint64_t begin) {
    entries_.push_back({kNoFunction, static_cast<std::uint32_t>(reason), begin});
  }
  // As the entry before, for another offset.
  void repeat_entry(std::uint64_t offset) {
    entries_.push_back(entries_.back());
    if (entries_.back().function == kNoFunction) entries_.back().begin = offset;
  }
  // The message but for its strings, which follow it.
  [[nodiscard]] std::string head(std::size_t string_bytes) const;
  [[nodiscard]] std::string take_strings() { return std::move(strings_); }
  [[nodiscard]] std::string finish() const { return head(strings_.size()) + strings_; }

 private:
  std::vector<WireFunction> functions_;
  std::vector<WireNameEntry> entries_;
  std::string strings_;
};

}  // namespace sonde
