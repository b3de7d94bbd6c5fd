// SPDX-License-Identifier: Apache-2.0
// The kernel's vdso as a file: its bytes are copied from this process into a sealed memfd, so
// that the worker can make rows and names of it like of any other file.
#pragma once

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

// A sealed memfd with the whole vdso image. Every 64-bit process of this kernel maps the same
// bytes, so one copy serves all; file offset = address - start of the [vdso] mapping.
// errors: kNotFound (the kernel maps none), those of memfd_create(2).
Result<UniqueFd> vdso_file();

}  // namespace sonde
