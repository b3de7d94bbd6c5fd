// SPDX-License-Identifier: Apache-2.0
// Names of kernel functions during a session: those of its begin, and those that came since (BPF
// programs by event, modules by a look at the end).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/model/process_event.h"
#include "symbolizer/client/kernel_symbols.h"

namespace sonde {

// True if `now` lists a module that `before` does not, or at another address. Both are texts of
// /proc/modules (name, bytes, users, users' names, state, address).
bool has_new_module(std::string_view before, std::string_view now);

// Thread-confined.
class KernelNames {
 public:
  // errors: those of KernelSymbols::load(); there are no names then.
  Result<void> load();
  // A function came, or went: its name stays for the samples before.
  void apply(const KernelSymbolEvent& event);
  // No sample from before `time_ns` will be named any more: functions that went earlier are
  // forgotten.
  void forget_gone_before(std::uint64_t time_ns);
  // Reads the table again if modules came since load(), or `events_lost`; what events said stays,
  // but what they may have missed the end of counts as gone. Cost: that of KernelSymbols::load() if
  // so.
  void refresh(bool events_lost);

  // Null without names.
  [[nodiscard]] const KernelSymbols* symbols() const { return symbols_ ? &*symbols_ : nullptr; }
  // Functions that had no room.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  std::optional<KernelSymbols> symbols_;
  std::string modules_;
  std::map<std::uint64_t, std::uint64_t> gone_;  // begin of an added function -> when it went
  std::uint64_t refused_ = 0;
};

}  // namespace sonde
