// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/help.h"

namespace sonde {
namespace {

constexpr std::string_view kOverview = R"(sonde: CPU profiles of everything that runs on this host

  sonde record              10 s of the whole host, summary on the terminal
  sonde record -o cpu.html  the same, with a flame graph to open in a browser
  sonde record -- COMMAND   one command and all it starts, until it ends
  sonde report cpu.pb.gz    the summary of a recorded file, and closer looks
  sonde doctor              what works here, and the exact fix for what does not
  sonde version

sonde VERB --help lists the options. Every verb takes --json and --color.
)";

constexpr std::string_view kRecord = R"(sonde record [OPTIONS] [-- COMMAND ARGS...]

Records where CPU time goes: whole stacks of every process, kernel included.
Without options: the whole host for 10 s. Ctrl-C stops and writes what there is.

what
  -p, --pid PID          this process and what it starts; repeat for more
  -c, --cgroup CGROUP    this control group and those below it
      --comm NAME        threads of this name
      --no-kernel        no kernel functions and no kernel threads
  -- COMMAND ARGS...     run this, record it until it ends, return its exit code
how
  -d, --duration TIME    10, 1.5s, 2m
  -F, --frequency HZ     samples a second and CPU, 1 to 10000; 99 if not given
where to
  -o, --output FILE      the name says the format; - is stdout
                           .html             flame graph for a browser
                           .svg              flame graph as a picture
                           .pb.gz .pprof     pprof, for sonde report too
                           .folded .txt      folded stacks
                           .json             speedscope
      --format FORMAT    html, svg, pprof, folded, speedscope, whatever the name
      --json             all figures as one JSON object on stdout
      --color WHEN       auto, always, never
      --cache-dir DIR    where unwind rows are kept between runs

exit: 0 ok, 1 error, 2 usage, 3 no permission, 4 kernel too old, 5 recorded
without user stacks, kernel stacks or other users' processes, 130 stopped before
the first sample; with COMMAND its own code once it has started
)";

constexpr std::string_view kReport = R"(sonde report [OPTIONS] FILE

Shows a pprof file: the summary that record ends with, or a closer look.

      --by WHAT            one table: function, process or image
      --callers FUNCTION   who calls FUNCTION
      --callees FUNCTION   what FUNCTION calls
      --tree               the calls as a tree (alone: all of the profile)
  -n N                     rows to show; 0 = all
      --json               all figures as one JSON object
      --color WHEN         auto, always, never

FUNCTION is a name, a name without its parameters, or a part of names.
)";

constexpr std::string_view kDoctor = R"(sonde doctor [OPTIONS]

Tries everything that recording needs on this host. What fails is shown with its
cause, the exact fix, and what works until then.

      --json               the checks as one JSON object
      --color WHEN         auto, always, never
      --cache-dir DIR      the directory to check

exit: 0 all works, 3 no permission, 4 kernel too old, 5 something is missing
)";

constexpr std::string_view kVersion = R"(sonde version [--json]
)";

}  // namespace

std::string_view help_text(std::string_view verb) {
  if (verb == "record") return kRecord;
  if (verb == "report") return kReport;
  if (verb == "doctor") return kDoctor;
  if (verb == "version") return kVersion;
  return kOverview;
}

}  // namespace sonde
