// SPDX-License-Identifier: Apache-2.0
// Ctrl-C once stops the recording, twice quits; with a command under way signals are the
// command's. Process-wide state, because signal handlers have no other.
#pragma once

#include <sys/types.h>

#include <string>

namespace sonde {

// Takes over INT, TERM and HUP; with a command also QUIT, USR1, USR2 and WINCH. A writer whose
// reader went away gets EPIPE instead of SIGPIPE.
void take_over_signals(bool has_command);

// From now on signals go to `child`: those sent to this process alone are passed on, those of the
// terminal have reached it already. The second Ctrl-C then stops the recording, the third quits.
// 0 = no command any more.
void pass_signals_to(pid_t child);

// This file is removed if the user quits; empty = none.
void remove_when_quitting(const std::string& path);

// True once the user asked for the recording to stop.
bool stop_requested();

}  // namespace sonde
