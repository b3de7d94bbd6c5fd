// SPDX-License-Identifier: Apache-2.0
// What the agent is told by signals: TERM and INT to stop, HUP to read its configuration again.
// Process-wide state, because signal handlers have no other.
#pragma once

#include "agent/engine/wake_event.h"

namespace sonde {

// Takes them over. A second TERM or INT, half a second or more after the first, ends the process at
// once: timeout(1) sends two in a row. A reader that went away is an EPIPE instead of SIGPIPE.
// wake  told of each; outlives the process's last signal.
void take_agent_signals(const WakeEvent& wake);
bool agent_stop_wanted();
// True once for each time (or several at once) that HUP came.
bool take_reload_wanted();

}  // namespace sonde
