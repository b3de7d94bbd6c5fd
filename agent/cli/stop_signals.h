// SPDX-License-Identifier: Apache-2.0
// Ctrl-C once stops the recording, and again quits; with a command under way signals are the
// command's. Signals that come in pairs do not quit: timeout(1) sends one to the process and one to
// its group. Process-wide state, because signal handlers have no other.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

namespace sonde {

// Takes over INT, TERM and HUP; with a command also QUIT, USR1, USR2 and WINCH. A writer whose
// reader went away gets EPIPE instead of SIGPIPE.
//
// impatience  a second INT quits if it comes so long after the first signal, or later; TERM and HUP
//             never do, since what there is would be lost.
void take_over_signals(bool has_command,
                       std::chrono::milliseconds impatience = std::chrono::milliseconds(500));

// From now on signals go to `child`: those sent to this process alone are passed on, those of the
// terminal have reached it already. The second Ctrl-C then stops the recording, the third quits.
// 0 = no command any more.
void pass_signals_to(pid_t child);

// This file is removed if the user quits; empty = none.
void remove_when_quitting(const std::string& path);

// True once the user asked for the recording to stop.
bool stop_requested();

}  // namespace sonde
