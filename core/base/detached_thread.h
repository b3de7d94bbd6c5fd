// SPDX-License-Identifier: Apache-2.0
// A thread that nobody waits for.
#pragma once

#include <functional>

namespace sonde {

// Runs `work` on a thread of that name (at most 15 letters), which takes no signals: those are for
// the threads that expect them. False if there is no thread to be had; `work` is not run then.
bool start_detached(const char* name, std::function<void()> work);

}  // namespace sonde
