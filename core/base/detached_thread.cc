// SPDX-License-Identifier: Apache-2.0
#include "core/base/detached_thread.h"

#include <pthread.h>

#include <system_error>
#include <thread>
#include <utility>

#include "core/base/signals_blocked.h"

namespace sonde {

bool start_detached(const char* name, std::function<void()> work) {
  const SignalsBlocked blocked;  // inherited
  try {
    std::thread thread(std::move(work));
    ::pthread_setname_np(thread.native_handle(), name);
    thread.detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

}  // namespace sonde
