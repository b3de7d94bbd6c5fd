// SPDX-License-Identifier: Apache-2.0
// What an unwind rule computes, for comparing rules by their results: the same made-up registers
// and memory are given to our packed row and to libdw's expressions.
#pragma once

#include <elfutils/libdw.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "bpf/abi/rows.h"

namespace sonde {

// Made-up machine state: registers by DWARF number, memory as a hash of the address.
struct OracleState {
  std::array<std::uint64_t, 17> registers{};  // 16 = rip

  static OracleState make(std::uint64_t seed, std::uint64_t pc);
  [[nodiscard]] std::uint64_t load(std::uint64_t address) const;
};

// The caller's state as a rule computes it.
struct OracleFrame {
  bool is_end = false;     // no caller
  bool is_signal = false;  // the caller was interrupted, it did not call
  std::uint64_t cfa = 0;
  std::uint64_t rbp = 0;
  std::uint64_t return_address = 0;
  bool operator==(const OracleFrame&) const = default;
};
std::string to_string(const OracleFrame& frame);

// Our row. nullopt: the row says nothing (no code, unsupported, frame-pointer step).
std::optional<OracleFrame> evaluate_row(const sonde_row& row, const OracleState& state);

struct LibdwResult {
  OracleFrame frame;
  bool failed = false;         // libdw reports an error, or its expression is not evaluated here
  bool rbp_undefined = false;  // libdw says rbp is lost; frame.rbp is the unchanged one then
};
LibdwResult evaluate_libdw(Dwarf_Frame* frame, const OracleState& state);

}  // namespace sonde
