// SPDX-License-Identifier: Apache-2.0
// Threads that take no signals: those are for the threads that expect them.
#pragma once

#include <pthread.h>

#include <csignal>

namespace sonde {

// Blocks every signal in this thread while it lives. Threads that are started meanwhile inherit
// that, for good. Thread-confined.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace sonde
