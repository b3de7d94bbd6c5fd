// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/symbols/demangle.h"

#include <libiberty/demangle.h>

#include <csetjmp>

#include "symbolizer/wire/messages.h"

namespace sonde {
namespace {

// A short mangled name can unfold to gigabytes, and libiberty's callback cannot say "stop":
// the output jumps out instead. Only C frames without clean-up lie between, so a jump is safe
// (libiberty may leak a few hundred bytes for a Rust name with Unicode in it).
struct Output {
  std::string text;
  std::jmp_buf too_long;
};

void append(const char* part, std::size_t size, void* opaque) {
  auto* output = static_cast<Output*>(opaque);
  if (output->text.size() + size > kMaxDemangledBytes) std::longjmp(output->too_long, 1);
  output->text.append(part, size);
}

bool run(const std::string& mangled, Output& output) {
  constexpr int kOptions = DMGL_PARAMS | DMGL_ANSI;
  if (setjmp(output.too_long) != 0) return false;
  // Legacy Rust names are valid C++ names too: Rust is asked first.
  if (::rust_demangle_callback(mangled.c_str(), kOptions, append, &output) != 0) return true;
  output.text.clear();
  return ::cplus_demangle_v3_callback(mangled.c_str(), kOptions, append, &output) != 0;
}

}  // namespace

std::string demangle(std::string_view name) {
  const bool mangled = name.starts_with("_Z") || name.starts_with("_R") ||
                       name.starts_with("___Z") || name.starts_with("__Z");
  if (!mangled || name.size() > kMaxNameBytes) return {};
  Output output;
  output.text.reserve(256);
  const std::string text(name);
  if (!run(text, output)) return {};
  return std::move(output.text);
}

}  // namespace sonde
