// SPDX-License-Identifier: Apache-2.0
// The rows of `sonde top`: who used the CPUs in one window. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/closed_window.h"
#include "core/model/profile.h"

namespace sonde {

enum class TopBy { kProcess, kCgroup, kFunction };
// By time on the CPUs; by the column beside it (of the kernel; of functions: with all they call);
// by name.
enum class TopSort { kCpu, kSecond, kName };

// One window, named.
struct TopWindow {
  SymbolizedProfile profile;
  std::vector<std::string> cgroups;     // by process; empty: not known
  std::vector<std::uint32_t> own_pids;  // sonde's, its worker's
};

// Cgroups come from the labels of the window that the profile was made of.
TopWindow make_top_window(SymbolizedProfile&& profile, const ClosedWindow& closed);

struct TopRow {
  std::string key;            // who it is, the same in every window
  std::string name;           // not yet made printable
  std::uint32_t pid = 0;      // the lowest
  std::size_t processes = 0;  // that are one row
  std::uint64_t cpu_ns = 0;
  std::uint64_t second_ns = 0;  // of it in the kernel; of a function: with all that it calls
  std::uint64_t samples = 0;    // and what is known of their stacks:
  std::uint64_t whole = 0;
  std::uint64_t early = 0;
  // The function with most of it; of a function: the process. Not yet made printable.
  std::string hottest;
  std::uint64_t hottest_ns = 0;
  std::string image;  // of the function
  Origin origin = Origin::kUnresolved;
};

// Everything but sonde itself, which own_row() has. Processes of one name are one row.
//
// kernel  false: what the kernel did counts for the function that called it, and kernel threads are
//         left out.
std::vector<TopRow> top_rows(const TopWindow& window, TopBy by, bool kernel);
void sort_rows(std::vector<TopRow>& rows, TopSort sort);
// What sonde cost in this window, as the kernel counts it (not by samples).
TopRow own_row(const TopWindow& window);

// Without capitals in `text` those of names do not count.
bool finds(std::string_view text, std::string_view name);

// CPUs that were busy: samples, and those that were lost on their way.
double busy_cores(const SymbolizedProfile& profile);

// The same without frames of the kernel and without its threads.
SymbolizedProfile without_kernel(const SymbolizedProfile& profile);
// The window's stacks but sonde's own.
SymbolizedProfile without_own(const TopWindow& window, bool kernel);
// The stacks of one row alone. Precondition: not of a function.
SymbolizedProfile only_row(const TopWindow& window, TopBy by, std::string_view key, bool kernel);

}  // namespace sonde
