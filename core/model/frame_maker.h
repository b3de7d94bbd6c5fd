// SPDX-License-Identifier: Apache-2.0
// Frame words -> frames of a SymbolizedProfile: what code is called, which image it belongs to and
// where it comes from, in the same words whoever has looked its name up. Stage 5 of the line.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/model/profile.h"
#include "core/model/profile_window.h"

namespace sonde {

// What is known of the code at an address: its function, or why there is none.
struct CodeName {
  std::string_view function = {};     // demangled; empty: not known
  std::string_view system_name = {};  // as in the symbol table
  std::string_view reason = {};       // without a function: no_symbols, ...
};

// The file that code lies in.
struct CodeFile {
  std::string_view path = {};
  std::string_view build_id = {};  // empty if it has none
  std::uint64_t begin = 0;         // without a name: the offset where its function begins
  bool own = false;                // it is the executable of the frame's process
};

// Of a stack of which nothing is certain: code at an unknown address.
inline constexpr FrameWord kUnknownCode = SONDE_TAG_USER_PC << SONDE_TAG_SHIFT;

// Functions and images are put into the profile once, in the order of their first use; frames are
// returned. Thread-confined. cost: two look-ups by text for each frame.
class FrameMaker {
 public:
  // profile  outlives this.
  explicit FrameMaker(SymbolizedProfile& profile) : profile_(profile) {}

  // Code of a file. Without a name it is `FILE+0xBEGIN`.
  ProfileFrame of_file(FrameWord word, const CodeFile& file, const CodeName& name);
  // Code of the kernel. Without a name it is `[kernel]+0xADDRESS`.
  //
  // image  of the function: kKernelImage, `[ext4]`.
  ProfileFrame of_kernel(FrameWord word, const CodeName& name, std::string_view image);
  // Code that a process made at run time, or that the kernel put there ([vsyscall]).
  ProfileFrame of_made_code(FrameWord word, const CodeName& name);
  // Code where the process had none when it was looked at.
  ProfileFrame of_address(FrameWord word);

  std::uint32_t function(std::string_view name, std::string_view system_name = {});
  std::uint32_t image(std::string_view path, std::string_view build_id = {});

 private:
  SymbolizedProfile& profile_;
  std::map<std::pair<std::string, std::string>, std::uint32_t, std::less<>> functions_;
  std::map<std::pair<std::string, std::string>, std::uint32_t, std::less<>> images_;
};

// Of the kernel itself; modules are `[NAME]`.
inline constexpr std::string_view kKernelImage = "[kernel.kallsyms]";

}  // namespace sonde
