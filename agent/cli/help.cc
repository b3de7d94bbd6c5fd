// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/help.h"

namespace sonde {
namespace {

constexpr std::string_view kOverview = R"(sonde: CPU profiles of everything that runs on this host

  sonde run                 the agent: always on, with a page on 127.0.0.1:7663
  sonde record              10 s of the whole host, summary on the terminal
  sonde record -o cpu.html  the same, with a flame graph to open in a browser
  sonde record -- COMMAND   one command and all it starts, until it ends
  sonde report cpu.pb.gz    the summary of a recorded file, and closer looks
  sonde diff OLD NEW        what changed between two recorded files
  sonde top                 who uses the CPUs now, with the hottest functions
  sonde doctor              what works here, and the exact fix for what does not
  sonde status              how the running agent is: trust, budgets, history
  sonde boost -p PID        sample a process more often for a while
  sonde validate FILE       what is wrong in a configuration file
  sonde config print        the configuration in effect, and where it is from
  sonde version

sonde VERB --help lists the options. Every verb takes --json and --color.
)";

constexpr std::string_view kRun = R"(sonde run [OPTIONS]          (or just: sonde)

Profiles every process all the time, at low cost, keeps a history on disk and
shows it on a page. Runs until SIGTERM or Ctrl-C; nothing is lost then. SIGHUP
reads the configuration again: a wrong one changes nothing.

      --config FILE        instead of /etc/sonde/sonde.yaml
      --listen ADDRESS     of the page and the API; 127.0.0.1:7663 if not given
      --telemetry-listen ADDRESS
                           metrics and health checks for other machines; off
      --state-dir DIR      where the history is kept; /var/lib/sonde
      --rate HZ            samples a second and CPU, 1 to 1000; 19
      --cpu-budget PERCENT of one core that sonde may take; 2
      --memory-budget SIZE that sonde may take; 160MiB
      --opt-out CONDITIONS processes that are not sampled: process=a; cgroup=/b
      --color WHEN         auto, always, never

The same settings as a file or as SONDE_* variables: docs/configuration.md.
sonde config print shows what is in effect.

exit: 0 stopped, 1 error, 2 usage, 3 no permission, 4 kernel too old
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
      --diff OLD           what changed since OLD: see sonde diff
  -n N                     rows to show; 0 = all
      --json               all figures as one JSON object
      --color WHEN         auto, always, never

FUNCTION is a name, a name without its parameters, or a part of names.
)";

constexpr std::string_view kDiff = R"(sonde diff [OPTIONS] BEFORE AFTER
sonde diff [OPTIONS] --before FILE... --after FILE...

What changed between pprof files, of sonde or of others, beyond chance. Several
files of a side count as one long recording.

what is compared
      --by WHAT          functions (without it), processes or images:
                         function, process, image
      --total            functions and images with all they call, not alone
      --paths            call paths: where in the call tree something changed
      --absolute         CPU seconds per second; without it shares of each side
what is shown
  -n N                   rows, 20 if not given; 0 = all
      --all              what is within the error too
      --json             all figures as one JSON object
      --color WHEN       auto, always, never
for scripts
      --fail-above PERCENT
                         exit 6 if the total of a function (or of what --by
                         says) grew by more than so many percentage points of
                         all CPU time, and by at least 3 sigma

+1.2 ± 0.4 is a change and its 95 % error (2 sigma) from the number of samples.
Changes below 2 sigma or of fewer than 20 samples are left out; ? marks 2 to 3
sigma. Functions match by name and by their image's file name.

exit: 0 ok, 1 error, 2 usage, 6 something grew past --fail-above
)";

constexpr std::string_view kTop = R"(sonde top [OPTIONS]

Shows every 2 s who uses the CPUs of this host: processes, control groups or
functions, in cores, with the function that each spends most in. It samples by
itself, whether the agent runs or not.

      --by WHAT          process, cgroup, function; process if not given
      --sort COLUMN      cpu, kernel, name; functions: self, total, name
      --no-kernel        what the kernel did counts for who called it; kernel
                         threads are left out
  -n, --count N          print N frames, without keys
  -F, --frequency HZ     samples a second and CPU, 1 to 10000; 99 if not given
      --json             one object a window and line
      --color WHEN       auto, always, never
      --cache-dir DIR    where unwind rows are kept between runs

keys
  p c f                  processes, control groups, functions
  s                      sort by the next column
  /                      only names with these letters; Enter keeps, Esc ends
  Up Down, Enter         choose a row; its hottest stacks (of a function: its
                         callers); Esc goes back
  Space                  hold this picture
  k                      kernel off and on
  q                      quit

Where stdout is no terminal, or TERM is dumb, frames follow each other as text.
A figure is an estimate: with 99 samples a second and CPU, a row of 0.10 cores
was seen about 20 times in 2 s.

exit: 0 ok, 1 error, 2 usage, 3 no permission, 4 kernel too old, 5 sampled
without user stacks, kernel stacks or other users' processes, 130 stopped before
the first window
)";

constexpr std::string_view kDoctor = R"(sonde doctor [OPTIONS]

Tries everything that recording needs on this host, and the agent (sonde run).
What fails is shown with its cause, the exact fix, and what works until then.

      --json               the checks as one JSON object
      --color WHEN         auto, always, never
      --cache-dir DIR      the directory to check
      --config FILE        checked as if given to the agent, as are
      --listen ADDRESS, --telemetry-listen ADDRESS, --state-dir DIR, --rate HZ,
      --cpu-budget PERCENT, --memory-budget SIZE, --opt-out CONDITION

exit: 0 all works, 3 no permission, 4 kernel too old, 5 something is missing
)";

constexpr std::string_view kStatus = R"(sonde status [OPTIONS]

Asks the agent that runs on this host (sonde run) how it is: whole and lost
stacks of the last 15 minutes, what it uses of its budgets, its history, and
what it lacks. It is asked where the configuration says that it listens.

      --json               all that it says as one JSON object
      --color WHEN         auto, always, never
      --listen ADDRESS     ask there, such as 127.0.0.1:7663
      --config FILE        the configuration that the agent was started with, as
      --telemetry-listen ADDRESS, --state-dir DIR, --rate HZ,
      --cpu-budget PERCENT, --memory-budget SIZE, --opt-out CONDITION

exit: 0 it works, 1 it is not running or does not answer, 2 usage, 5 it runs
without something, see the lines marked !
)";

constexpr std::string_view kBoost = R"(sonde boost [OPTIONS] CONDITION

Asks the agent that runs on this host to sample some processes at five times its
rate for a while. All others are sampled as before, and every sample keeps its
weight: CPU times stay what they are, only finer.

who
  CONDITION            process=postgres, image=~/opt/.*, cgroup=/a.slice, pid=1, or
                       several that all hold: {process="a",cgroup="/b"}
  -p, --pid PID        the same as pid=PID
  -c, --cgroup CGROUP  the same as cgroup=CGROUP
how
      --for TIME       1s to 1h; 5m if not given. Again: from now on
      --end ID         ends one before its time
      --json           what the agent answers
      --color WHEN     auto, always, never
      --listen ADDRESS, --config FILE and the other settings of sonde run: where
                       the agent is asked

exit: 0 ok, 1 it is not running, does not answer or refuses, 2 usage
)";

constexpr std::string_view kValidate = R"(sonde validate [OPTIONS] [FILE]

Checks the configuration: FILE, SONDE_* variables and the flags below, together.
Without FILE: the one of SONDE_CONFIG, or /etc/sonde/sonde.yaml if it is there.
Every mistake is shown with its line; nothing is started.

      --json                    the result as one JSON object
      --color WHEN              auto, always, never
      --config FILE             the same as FILE
      --listen ADDRESS          checked as if given to the agent, as are
      --telemetry-listen ADDRESS
      --state-dir DIR
      --rate HZ
      --cpu-budget PERCENT
      --memory-budget SIZE
      --opt-out CONDITION

exit: 0 valid, 1 not valid, 2 usage
)";

constexpr std::string_view kConfig = R"(sonde config print [OPTIONS]

Prints the configuration that would be in effect, as a configuration file, and
where each value is from. Later ones win: defaults, the file, SONDE_* variables,
flags.

      --json                    the same as one JSON object
      --config FILE             instead of SONDE_CONFIG or /etc/sonde/sonde.yaml
      --listen ADDRESS          page, API, metrics and health: 127.0.0.1:7663
      --telemetry-listen ADDRESS
                                metrics and health for other machines, or off
      --state-dir DIR           where history is kept
      --rate HZ                 samples a second and CPU, 1 to 1000
      --cpu-budget PERCENT      of one core that sonde may take, or off
      --memory-budget SIZE      that sonde may take, or off
      --opt-out CONDITION       processes that are not sampled, or off

exit: 0 ok, 1 the configuration is not valid, 2 usage
)";

constexpr std::string_view kVersion = R"(sonde version [--json]
)";

}  // namespace

std::string_view help_text(std::string_view verb) {
  if (verb == "run") return kRun;
  if (verb == "record") return kRecord;
  if (verb == "report") return kReport;
  if (verb == "diff") return kDiff;
  if (verb == "top") return kTop;
  if (verb == "doctor") return kDoctor;
  if (verb == "status") return kStatus;
  if (verb == "boost") return kBoost;
  if (verb == "validate") return kValidate;
  if (verb == "config") return kConfig;
  if (verb == "version") return kVersion;
  return kOverview;
}

}  // namespace sonde
