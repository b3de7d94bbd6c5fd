// SPDX-License-Identifier: Apache-2.0
// A small file with a Go function table of any layout, made by the assembler: main.plain with a
// frame, main.deep with a large one, the runtime's signal return; C code before them.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "core/base/fd.h"

namespace sonde {

enum class GoTable : std::uint8_t { k12, k116, k118, k120 };

struct GoProgram {
  GoTable table = GoTable::k120;
  std::string text_start = "go_text";  // what the header says; 0 = nothing
  std::string section = ".gopclntab";
  std::string after = {};  // a command to be run on the file
  std::string plain_name = "main.plain";
};

inline std::string go_table_text(const GoProgram& program) {
  const bool relative = program.table >= GoTable::k118;
  const bool parts = program.table != GoTable::k12;
  const std::string magic = program.table == GoTable::k12    ? "0xfffffffb"
                            : program.table == GoTable::k116 ? "0xfffffffa"
                            : program.table == GoTable::k118 ? "0xfffffff0"
                                                             : "0xfffffff1";
  const std::string field = relative ? ".long " : ".quad ";
  const std::string base = relative ? "-go_text" : "";
  const std::string names = parts ? "names" : "table";
  const std::string deltas = parts ? "deltas" : "table";
  const std::string functions = parts ? "index" : "table";
  std::string text = "table: .long " + magic + "\n.byte 0, 0, 1, 8\n.quad 3\n";
  if (parts) {
    text += ".quad 0\n";
    if (relative) text += ".quad " + program.text_start + "\n";
    text += ".quad names-table, 0, 0, deltas-table, index-table\n";
  }
  text += "index:\n";
  for (const std::string name : {"plain", "deep", "sigreturn"}) {
    text += field + name + base + "\n" + field + name + "_function-" + functions + "\n";
  }
  text += field + "go_end" + base + "\n";
  for (const std::string name : {"plain", "deep", "sigreturn"}) {
    text += name + "_function: " + field + name + base + "\n.long " + name + "_name-" + names +
            ", 0, 0, " + name + "_deltas-" + deltas + ", 0, 0\n";
  }
  return text + "names:\nplain_name: .asciz \"" + program.plain_name +
         "\"\ndeep_name: .asciz \"main.(*T).deep[...]\"\n"
         "sigreturn_name: .asciz \"runtime.sigreturn\"\n"
         // From -1 to 0, then to 8 and 0 again; to 0, then to a frame over 256 KiB; to 0.
         "deltas: .byte 0\nplain_deltas: .byte 2, 1, 16, 3, 15, 1, 0\n"
         "deep_deltas: .byte 2, 4\n.uleb128 2 * 400000\n.byte 4, 0\nsigreturn_deltas: .byte 2, 64, "
         "0\n";
}

// 4 KiB of C code, then Go's.
inline UniqueFd build_go_program(const GoProgram& program) {
  const std::string path = testing::TempDir() + "go_program_" + std::to_string(::getpid());
  std::ofstream(path + ".s") << ".text\n.globl _start\n_start: nop\n.skip 4095, 0x90\ngo_text:\n"
                                "plain: push %rbp\nnop\nnop\npop %rbp\nret\n.skip 11, 0xcc\n"
                                "deep: nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop\n.skip 8, 0xcc\n"
                                "sigreturn: .byte 0x48, 0xc7, 0xc0, 15, 0, 0, 0\nsyscall\n.byte "
                                "0xcd, 3\n.skip 5, 0xcc\ngo_end:\n"
                                ".section " +
                                    program.section + ",\"a\"\n.p2align 5\n" +
                                    go_table_text(program);
  std::string command = "as -o " + path + ".o " + path + ".s && ld -o " + path + " " + path + ".o";
  if (!program.after.empty()) command += " && " + program.after + " " + path;
  EXPECT_EQ(std::system(command.c_str()), 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  for (const char* suffix : {"", ".s", ".o"}) ::unlink((path + suffix).c_str());
  return fd;
}

}  // namespace sonde
