// SPDX-License-Identifier: Apache-2.0
// What each verb was asked to do, after parsing and checking the command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/cli/output_format.h"
#include "agent/cli/terminal.h"
#include "agent/cli/top_table.h"
#include "agent/config/load.h"
#include "core/model/profile_diff.h"

namespace sonde {

struct CommonOptions {
  bool json = false;
  ColourChoice colour = ColourChoice::kAuto;
};

struct RecordOptions : CommonOptions {
  std::vector<std::uint32_t> pids;
  std::optional<std::string> cgroup;
  std::optional<std::string> comm;
  std::optional<std::chrono::nanoseconds> duration;  // none: 10 s, or as long as the command
  std::uint32_t rate_hz = 99;
  std::string output;                  // empty = none, "-" = stdout
  std::optional<OutputFormat> format;  // set whenever output is
  bool kernel = true;
  std::uint32_t max_rows = 0;    // of the unwind tables; 0 = the default
  std::uint32_t max_ranges = 0;  // likewise
  std::string cache_dir;         // of unwind rows
  std::vector<std::string> command;
};

enum class ReportBy { kNone, kFunction, kProcess, kImage };

struct ReportOptions : CommonOptions {
  std::string file;
  ReportBy by = ReportBy::kNone;
  std::string callers;  // of this function; empty = not asked for
  std::string callees;
  bool tree = false;
  std::optional<std::size_t> rows;  // 0 = all
};

// Of functions unless `by` says otherwise.
struct DiffOptions : CommonOptions {
  std::vector<std::string> before;  // files of the older side, at least one
  std::vector<std::string> after;
  DiffBy by = DiffBy::kFunction;
  bool total = false;                // by total instead of own time
  bool paths = false;                // call paths instead of a table by `by`
  bool absolute = false;             // CPU per second instead of shares
  bool all = false;                  // also what is within the error
  std::optional<std::size_t> rows;   // 0 = all
  std::optional<double> fail_above;  // growth of a total, 0..1
};

struct TopOptions : CommonOptions {
  TopBy by = TopBy::kProcess;
  TopSort sort = TopSort::kCpu;
  bool kernel = true;
  std::uint32_t rate_hz = 99;
  std::uint32_t count = 0;  // windows to print; 0 = until stopped, on a terminal with keys
  std::chrono::nanoseconds window = std::chrono::seconds(2);
  std::string cache_dir;  // of unwind rows
};

struct DoctorOptions : CommonOptions {
  std::string cache_dir;
  ConfigFlags config;  // of the agent
};

struct RunOptions : CommonOptions {
  ConfigFlags config;
  std::chrono::nanoseconds window = std::chrono::seconds(10);
};

// The file is `--config`, or what stands after the verb.
struct ValidateOptions : CommonOptions {
  ConfigFlags config;
};

struct ConfigPrintOptions : CommonOptions {
  ConfigFlags config;
};

struct StatusOptions : CommonOptions {
  ConfigFlags config;
};

// Starts a boost of `match`, or ends the one of the id `end`.
struct BoostOptions : CommonOptions {
  ConfigFlags config;
  std::string match;               // as the API takes it
  std::chrono::seconds time{300};  // 1 s to 1 h
  std::optional<std::uint64_t> end;
};

struct VersionOptions : CommonOptions {};

}  // namespace sonde
