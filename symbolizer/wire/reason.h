// SPDX-License-Identifier: Apache-2.0
// Why a file was refused or an address has no name. One list for the worker, the client and the
// profile (`ProfileFrame::reason`). Numbers travel between worker and client of one build only.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.h"

namespace sonde {

// X(id, name, what it means). New reasons go last.
#define SONDE_REASONS(X)                                                                       \
  X(None, "", "no reason: there is a name")                                                    \
  X(NoSymbols, "no_symbols", "the file and its debug file have no function symbols")           \
  X(NoSymbol, "no_symbol", "no symbol covers this address")                                    \
  X(OutsideFile, "outside_file", "the file has no code at this offset")                        \
  X(NotElf, "not_elf", "the file is not an ELF file")                                          \
  X(Elf32, "elf32", "a 32-bit ELF file")                                                       \
  X(BigEndian, "big_endian", "a big-endian ELF file")                                          \
  X(OtherMachine, "other_machine", "an ELF file for another processor")                        \
  X(Corrupt, "corrupt", "the file contradicts itself or ends too early")                       \
  X(TooLarge, "too_large", "a table of the file is larger than the limit")                     \
  X(Unreadable, "unreadable", "the file is not a regular file or reading it failed")           \
  X(WorkerCrashed, "worker_crashed", "the worker crashed twice on this file")                  \
  X(WorkerDeadline, "worker_deadline", "the worker did not finish this file in time")          \
  X(WorkerMemory, "worker_memory", "the worker ran into its memory limit on this file")        \
  X(WorkerKilled, "worker_killed", "the worker was killed from outside again and again")       \
  X(WorkerProtocol, "worker_protocol", "the worker's answer did not pass the client's checks") \
  X(WorkerUnavailable, "worker_unavailable", "the worker could not be started")

enum class Reason : std::uint8_t {
#define X(id, name, help) k##id,
  SONDE_REASONS(X)
#undef X
};

// The stable name: `no_symbols`, ...; "unknown" past the list.
std::string_view to_string(Reason reason);
// True for the numbers of the list: a check for bytes that come from outside.
bool is_reason(std::uint8_t number);
// True for what says nothing about the file: the next try may find a name.
bool is_transient(Reason reason);
// One plain sentence for people.
std::string_view describe(Reason reason);

// An error that carries a reason: its message is `<name>: <detail>`, its code the nearest one.
Error refuse(Reason reason, std::string_view detail);
// The reason an error of this module carries; kUnreadable for an error that names none.
Reason reason_of(const Error& error);

}  // namespace sonde
