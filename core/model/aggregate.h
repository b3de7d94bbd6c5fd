// SPDX-License-Identifier: Apache-2.0
// Sums over a SymbolizedProfile: what the terminal, the exports and the page show as tables and
// trees. Pure functions; every one is one pass over the frames. The profile must outlive the
// results (they view its strings) and its indices must be valid, which decoders check.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/profile.h"

namespace sonde {

struct Weight {
  std::uint64_t cpu_ns = 0;
  std::uint64_t samples = 0;

  Weight& operator+=(const Weight& other) {
    cpu_ns += other.cpu_ns;
    samples += other.samples;
    return *this;
  }
};

// Frames of the same function name in the same image are one function, whatever their address.
// Built once per profile, shared by everything below.
class FunctionTable {
 public:
  struct Entry {
    std::string_view name;
    std::string_view image;  // path, empty if none
    Origin origin = Origin::kUnresolved;
  };

  explicit FunctionTable(const SymbolizedProfile& profile);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const Entry& operator[](std::uint32_t function) const { return entries_[function]; }
  [[nodiscard]] std::uint32_t of_frame(std::uint32_t frame) const { return of_frame_[frame]; }

 private:
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> of_frame_;
};

struct StackTotals {
  Weight all;
  std::uint64_t whole = 0;                         // samples whose stack misses nothing
  std::uint64_t early = 0;                         // samples taken before their code was known
  std::map<std::string, std::uint64_t> truncated;  // stop reason -> samples, `early` included
  std::uint64_t frames = 0;                        // over all samples
  std::uint64_t leaves = 0;                        // samples that have a frame at all
  std::uint64_t unresolved_leaf = 0;               // of `leaves`
};
StackTotals count_stacks(const SymbolizedProfile& profile);

// True for the reasons that mean "too early": the process or its ranges were not published yet.
// Such samples are counted on their own and stay out of the share of whole stacks.
bool is_early(std::uint16_t stop);

// Whole stacks per hundred of those that could have been whole; 1 if there were none.
double whole_share(std::uint64_t whole, std::uint64_t samples, std::uint64_t early);

struct FunctionTotals {
  std::uint32_t function = 0;  // in the FunctionTable
  Weight self;                 // it was the leaf
  Weight total;                // it was on the stack; recursion counts once
};
// Sorted by self, then total, then name.
std::vector<FunctionTotals> sum_functions(const SymbolizedProfile& profile,
                                          const FunctionTable& functions);

struct ImageTotals {
  std::string_view image;  // path, empty = code without a file
  Weight self;
  Weight total;
};
std::vector<ImageTotals> sum_images(const SymbolizedProfile& profile);

// Processes of the same name together.
struct ProcessTotals {
  std::string_view name;
  std::vector<std::uint32_t> pids;  // sorted, distinct
  Weight all;
  std::uint64_t kernel_ns = 0;  // CPU time with a kernel function as leaf
  std::uint64_t whole = 0;
  std::uint64_t early = 0;
  // (stop reason, image where the walk ended) -> samples, for what is neither whole nor early
  std::map<std::pair<std::uint16_t, std::uint32_t>, std::uint64_t> cut;
};
// Sorted by CPU time, then name.
std::vector<ProcessTotals> sum_processes(const SymbolizedProfile& profile);

// CPU time by the origin of the leaf, indexed by Origin. A stack without frames is unresolved.
using OriginTotals = std::array<std::uint64_t, 6>;
OriginTotals sum_origins(const SymbolizedProfile& profile);

}  // namespace sonde
