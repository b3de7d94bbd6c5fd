// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/kernel_names.h"

#include <set>
#include <utility>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/base/log.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxModulesBytes = std::size_t{4} << 20;

// A kernel that takes no modules has no such file.
std::string modules_now() {
  auto text = read_file("/proc/modules", kMaxModulesBytes);
  return text ? std::move(*text) : std::string();
}

// "name address" of each module.
std::set<std::string> modules_in(std::string_view text) {
  std::set<std::string> modules;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t address = row.find("0x");
    if (address == std::string_view::npos) continue;
    modules.insert(std::string(row.substr(0, row.find(' ') + 1)) +
                   std::string(row.substr(address, row.find(' ', address) - address)));
  }
  return modules;
}

}  // namespace

bool has_new_module(std::string_view before, std::string_view now) {
  if (before == now) return false;
  const std::set<std::string> known = modules_in(before);
  for (const std::string& module : modules_in(now)) {
    if (!known.contains(module)) return true;
  }
  return false;
}

Result<void> KernelNames::load() {
  modules_ = modules_now();
  auto symbols = KernelSymbols::load();
  if (!symbols) return symbols.error();
  symbols_ = std::move(*symbols);
  return {};
}

void KernelNames::apply(const KernelSymbolEvent& event) {
  if (!symbols_ || event.begin == 0) return;
  if (event.is_gone) {
    if (symbols_->was_added(event.begin)) gone_[event.begin] = event.time_ns;
    return;
  }
  gone_.erase(event.begin);
  if (!symbols_->add(event.begin, event.bytes, event.name)) ++refused_;
}

void KernelNames::forget_gone_before(std::uint64_t time_ns) {
  std::erase_if(gone_, [&](const auto& one) {
    if (one.second >= time_ns) return false;
    symbols_->forget(one.first);
    return true;
  });
}

void KernelNames::refresh(bool events_lost) {
  if (!symbols_) return;
  std::string modules = modules_now();
  if (!events_lost && !has_new_module(modules_, modules)) return;
  modules_ = std::move(modules);
  auto symbols = KernelSymbols::load();
  if (!symbols) {
    log_warn("new kernel modules have no names: " + symbols.error().message);
    return;
  }
  for (const std::uint64_t begin : symbols->keep_added_of(std::move(*symbols_))) {
    if (events_lost) gone_.emplace(begin, monotonic_ns());
  }
  symbols_ = std::move(*symbols);
}

}  // namespace sonde
