// SPDX-License-Identifier: Apache-2.0
// One line of text per message to stderr. Levels: error (a function is lost, needs a person),
// warn (degraded, counted), info (lifecycle), debug. Stages never log per event: they count.
// Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace sonde {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// Messages below `level` are dropped. Default: kWarn (SONDE_LOG=debug|info|warn|error changes it).
void set_log_level(LogLevel level);
void log_message(LogLevel level, std::string_view message);

inline void log_debug(std::string_view message) { log_message(LogLevel::kDebug, message); }
inline void log_info(std::string_view message) { log_message(LogLevel::kInfo, message); }
inline void log_warn(std::string_view message) { log_message(LogLevel::kWarn, message); }
inline void log_error(std::string_view message) { log_message(LogLevel::kError, message); }

}  // namespace sonde
