// SPDX-License-Identifier: Apache-2.0
// What the running agent says of itself: what the API cannot read from the history. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sonde {

// A capability that is missing in whole or in part.
struct DegradedPart {
  std::string what = {};   // profiles (there are none), stacks, history
  std::string error = {};  // as the system said it
  std::string fix = {};    // what helps, empty if nothing is known
};

// Something that sonde may use only so much of.
struct BudgetFacts {
  std::string name = {};  // cpu, rss, kernel_maps, history, outbox, rate
  std::string unit = {};  // percent (of one core), bytes, hertz
  double now = 0;
  double limit = 0;  // 0: none
  double peak = 0;
  std::string words = {};  // one sentence, if there is something to say
};

struct ExporterFacts {
  std::string name = {};
  std::string state = {};             // up, retrying, off
  std::uint64_t windows = 0;          // that wait
  std::uint64_t bytes = 0;            // of them
  std::uint64_t oldest_ns = 0;        // of them, Unix time; 0: none
  std::uint64_t acknowledged_ns = 0;  // the last one; 0: none yet
  std::uint64_t retries = 0;
  std::string answer = {};  // the last one that was no success, verbatim
};

struct ProgramFacts {
  std::string name = {};
  std::string hook = {};  // `perf event, 2 CPUs`
  double runs_per_s = 0;
  double ns_per_run = 0;
  double cpu_percent = 0;  // of one core
  std::string state = {};  // ok, or why it is not loaded
  std::string words = {};  // which ways of the kernel it uses
};

// How many files have which symbols.
struct SymbolFacts {
  std::uint64_t full = 0;     // a symbol table
  std::uint64_t dynamic = 0;  // exported names only
  std::uint64_t none = 0;
};

// Processes that are sampled more often for a while.
struct BoostFacts {
  std::uint64_t id = 0;
  std::string match = {};      // who, as it was asked for
  std::uint64_t until_ns = 0;  // Unix time
  std::uint32_t rate_hz = 0;   // at which they are sampled
};

struct AgentFacts {
  std::string host = {};
  std::string version = {};
  std::string build = {};        // `g++ 12, clang 14`
  std::string kernel = {};       // uname -r
  std::uint64_t started_ns = 0;  // Unix time
  std::uint64_t pid = 0;
  std::uint64_t restarts = 0;  // of the agent, by whoever runs it; 0 if not known
  std::uint32_t cpu_count = 0;
  std::uint32_t rate_hz = 0;                 // of the configuration
  std::uint64_t divisor = 1;                 // one tick of so many is kept now
  std::uint64_t window_ns = 10'000'000'000;  // length
  std::uint64_t history_limit_bytes = 0;
  std::uint64_t open_begin_ns = 0;  // of the window that is being filled, Unix time; 0: none
  std::uint64_t open_samples = 0;   // in it
  bool ready = false;
  std::string ready_why = {};  // one sentence
  std::vector<DegradedPart> degraded = {};
  std::vector<BudgetFacts> budgets = {};
  std::vector<ExporterFacts> exporters = {};
  std::vector<ProgramFacts> programs = {};
  std::vector<std::string> capabilities = {};  // that it holds
  std::vector<std::string> features = {};      // of the kernel, that it uses
  SymbolFacts symbols;
  std::vector<BoostFacts> boosts = {};
};

}  // namespace sonde
