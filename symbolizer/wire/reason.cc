// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/wire/reason.h"

#include <array>
#include <cstddef>
#include <string>

namespace sonde {
namespace {

constexpr std::array<std::string_view, 17> kNames = {
#define X(id, name, help) name,
    SONDE_REASONS(X)
#undef X
};
constexpr std::array<std::string_view, kNames.size()> kHelp = {
#define X(id, name, help) help,
    SONDE_REASONS(X)
#undef X
};

ErrorCode code_of(Reason reason) {
  switch (reason) {
    case Reason::kTooLarge:
    case Reason::kWorkerMemory:
      return ErrorCode::kResourceExhausted;
    case Reason::kWorkerDeadline:
      return ErrorCode::kDeadlineExceeded;
    case Reason::kWorkerCrashed:
    case Reason::kWorkerProtocol:
      return ErrorCode::kAborted;
    case Reason::kWorkerKilled:
    case Reason::kWorkerUnavailable:
    case Reason::kUnreadable:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kInvalidArgument;
  }
}

}  // namespace

bool is_reason(std::uint8_t number) { return number < kNames.size(); }

std::string_view to_string(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  return index < kNames.size() ? kNames[index] : "unknown";
}

bool is_transient(Reason reason) {
  return reason == Reason::kWorkerKilled || reason == Reason::kWorkerDeadline ||
         reason == Reason::kWorkerUnavailable;
}

std::string_view describe(Reason reason) {
  const auto index = static_cast<std::size_t>(reason);
  return index < kHelp.size() ? kHelp[index] : "an unknown reason";
}

Error refuse(Reason reason, std::string_view detail) {
  std::string message(to_string(reason));
  message += ": ";
  message += detail;
  return Error{code_of(reason), std::move(message), 0};
}

Reason reason_of(const Error& error) {
  const std::string_view name = std::string_view(error.message).substr(0, error.message.find(':'));
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Reason>(i);
  }
  return Reason::kUnreadable;
}

}  // namespace sonde
