// SPDX-License-Identifier: Apache-2.0
// The worker as a program of its own: what tests and benches execute instead of `sonde worker`.
#include "symbolizer/worker/worker_main.h"

int main() { return sonde::worker_main(sonde::kWorkerSocketFd); }
