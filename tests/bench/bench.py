# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: what sonde costs in the kernel and beside it, with perf on the same load.

  bench.py [--sonde PATH] [--work FOLDER] [--docs FILE] [--rounds N] [--seconds N]
           [--minutes N] [--bench-dir FOLDER] [SECTION...]

Sections: truth, kernel, agent, calls, compile, rows, names, page, oracle. The results go to stdout and,
with --docs, into that file between the markers `<!-- SECTION begin -->` and `<!-- SECTION end -->`."""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "truth"), str(HERE.parent / "kernels")]

import agent_cost  # noqa: E402
import capabilities  # noqa: E402
import guest  # noqa: E402
import measure  # noqa: E402
import names  # noqa: E402
import variants  # noqa: E402
from measure import Load, spread  # noqa: E402

DEPTHS = (10, 40, 100)
RATES = (199, 9973)


def build_load(source, work, compiler="g++", frame_pointers=False):
    """A load program of this folder, built without frame pointers unless asked for."""
    output = work / (Path(source).stem + ("_fp" if frame_pointers else ""))
    output.parent.mkdir(parents=True, exist_ok=True)
    language = ["-std=c++20"] if source.endswith(".cc") else []
    frames = (["-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer"] if frame_pointers
              else ["-fomit-frame-pointer"])
    subprocess.run([compiler, *language, "-O2", *frames, "-o", output, HERE / source, "-pthread"],
                   check=True)
    return output


def progress(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def markdown(head, rows):
    """A table; the first column is text."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def kernel_walker(options, depth, hz):
    """ns per sample of bpf_get_stack over the same program with frame pointers, which it needs."""
    load = build_load("load_depth.c", options.work, "gcc", frame_pointers=True)
    with Load(["taskset", "-c", "0", load, depth, 600]) as running:
        done = subprocess.run([options.bench_dir / "get_stack_bench", str(running.pids()[0]), "5",
                               str(hz)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["ns_per_sample"]


def kernel_row(options, load, depth, hz):
    """One depth at one rate: sonde and the kernel's walker in turn."""
    runs, walker = [], []
    for number in range(options.rounds):
        progress(f"kernel: depth {depth} at {hz} Hz, run {number + 1} of {options.rounds}")
        walker.append(kernel_walker(options, depth, hz))
        pinned = [["taskset", "-c", cpu, load, depth, 600]
                  for cpu in sorted(os.sched_getaffinity(0))]
        with Load(*pinned):
            runs.append(measure.sonde(options.sonde, options.work / "kernel", options.tool, 10,
                                      hz, "--comm", "load_depth"))
    own = [run.summary["agent"]["bpf_ns_per_sample"] for run in runs]
    ratios = [mine / other for mine, other in zip(own, walker)]
    return [depth, hz, spread(own, "{:.0f}"), spread(walker, "{:.0f}"), spread(ratios, "{:.2f}"),
            sum(run.samples for run in runs), f"{min(run.whole for run in runs):.2%}"]


def kernel_section(options):
    """Time of the sampling program at fixed depths, user mode only."""
    load = build_load("load_depth.c", options.work, "gcc")
    rows = [kernel_row(options, load, depth, hz) for hz in RATES for depth in DEPTHS]
    return ("`sonde record -d 10 -F HZ --comm load_depth`, one `load_depth` on each CPU. ns per "
            "sample as the program itself measures it: unwinding and ring output, and what "
            "interrupts it. `bpf_get_stack` is the kernel's own walker over the same program built "
            "with frame pointers, which it needs, without any output. At 199 Hz the load has "
            "driven tables and code out of the caches between two samples; at 9973 Hz they are "
            "still there. The ratio is that of runs in turn: what a nanosecond buys differs "
            "between machines by a factor of three.\n\n"
            + markdown(("frames", "Hz", "sonde, ns per sample", "bpf_get_stack, ns", "ratio",
                        "samples", "whole"), rows))


def _cost_rows(name, runs):
    return [name, spread((r.percent_of_core() for r in runs), "{:.2f}"),
            spread((r.cpu_us_per_sample() for r in runs), "{:.1f}"),
            spread((r.bpf_ns_per_run for r in runs), "{:.0f}"),
            spread((r.rss_mib for r in runs), "{:.0f}"),
            spread((r.output_bytes / max(r.samples, 1) for r in runs), "{:.0f}"),
            sum(r.samples for r in runs),
            f"{min(r.whole for r in runs):.2%}" if runs[0].summary else "-"]


COST_HEAD = ("profiler", "% of a core", "CPU us per sample", "BPF ns per run", "peak RSS MiB",
             "bytes per sample", "samples", "whole stacks")


def _beside_perf(options, name, load):
    """sonde at 19 and 99 Hz and perf at 99 Hz, in turn, on one load."""
    runs = {"sonde 19 Hz": [], "sonde 99 Hz": [], "perf 99 Hz --call-graph dwarf": []}
    with load:
        for number in range(options.rounds):
            for hz in (19, 99):
                progress(f"{name}: sonde at {hz} Hz, run {number + 1} of {options.rounds}")
                runs[f"sonde {hz} Hz"].append(measure.sonde(
                    options.sonde, options.work / name, options.tool, options.seconds, hz))
            progress(f"{name}: perf at 99 Hz, run {number + 1} of {options.rounds}")
            runs["perf 99 Hz --call-graph dwarf"].append(
                measure.perf(options.work / name, options.tool, options.seconds, 99))
    return markdown(COST_HEAD, [_cost_rows(key, value) for key, value in runs.items()])


COST_NOTE = ("Whole host, {seconds} s each, in turn, {rounds} rounds: median (least to most). "
             "Start-up and writing the file are included. % of a core = user + system time of "
             "the profiler's processes + run time of its BPF programs; what perf's samples cost "
             "inside the kernel is not in its figure. perf leaves unwinding to `perf report`.\n\n")


def calls_section(options):
    load = build_load("load_calls.cc", options.work)
    note = "Load: `load_calls`, two threads, C++ -O2 without frame pointers. "
    return note + COST_NOTE.format(**vars(options)) + _beside_perf(
        options, "calls", Load([load, 3600]))


COMPILE = ["clang++-14", "-std=c++17", "-O2", "-c", HERE / "load_compile.cc", "-o", "/dev/null"]


def compile_section(options):
    note = "Load: two `clang++-14 -O2` compiling `load_compile.cc` again and again. "
    return note + COST_NOTE.format(**vars(options)) + _beside_perf(
        options, "compile", Load(COMPILE, COMPILE))


def agent_section(options):
    calls = build_load("load_calls.cc", options.work)
    situations = [("idle, 19 Hz", 19, None), ("calls, 19 Hz", 19, Load([calls, 7200])),
                  ("calls, 99 Hz", 99, Load([calls, 7200])),
                  ("compile, 99 Hz", 99, Load(COMPILE, COMPILE))]
    rows = []
    for name, hz, load in situations:
        progress(f"agent: {name}, {options.minutes} minutes")
        cost = agent_cost.run(options.sonde, options.tool, hz, load, seconds=60 * options.minutes)
        rows.append((name, f"{cost.percent_of_core():.3f}",
                     f"{100 * cost.cpu_s / cost.seconds:.3f}", f"{100 * cost.bpf_s / cost.seconds:.3f}",
                     f"{1e9 * cost.bpf_s / max(cost.bpf_runs, 1):.0f}", cost.samples,
                     f"{cost.anonymous_mib:.1f}", f"{cost.resident_mib:.1f}", f"{cost.maps_mib:.1f}",
                     f"{100 * cost.host_s / cost.seconds:.1f}"))
    return (f"`sonde run` with an empty history, from its second minute on, {options.minutes} minutes "
            "each. % of a core = user + system time of its processes + run time of its BPF programs; "
            "memory of both processes at the end. Calls: `load_calls`, two threads. Compile: two "
            "`clang++-14 -O2`.\n\n"
            + markdown(("host", "% of a core", "its processes", "its BPF programs", "BPF ns per run",
                        "samples", "RssAnon MiB", "RSS MiB", "kernel maps MiB", "host's CPU %"), rows))


def run_tool(command):
    """What a tool printed; its own words if it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise measure.BenchError(f"{command[0].name} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
    if not done.stdout.strip():
        raise measure.BenchError(f"{command[0].name} printed nothing")
    return done.stdout


# Of these, the files that this machine has: the largest tables that distributions ship.
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
LARGE_FILES = ("libLLVM-14.so.1", "libLLVM-15.so.1", "libclang-cpp.so.14", "libc.so.6")


def rows_section(options):
    """What the bench of the symbolizer prints."""
    tool = options.bench_dir / "rows_bench"
    if not tool.exists():
        raise measure.BenchError(f"{tool}: not built (ninja rows_bench)")
    progress("rows: large libraries")
    files = [LIBRARIES / name for name in LARGE_FILES if (LIBRARIES / name).exists()]
    text = run_tool([tool, "--repeat", "9", *files])
    return f"`{tool.name} --repeat 9 FILE...`\n\n```\n{text.strip()}\n```"


def names_section(options):
    """Names beside those of llvm-symbolizer and addr2line."""
    tool = options.bench_dir / "names_bench"
    if not tool.exists():
        raise measure.BenchError(f"{tool}: not built (ninja names_bench)")
    rows = []
    for name in LARGE_FILES:
        if (LIBRARIES / name).exists():
            progress(f"names: {name}")
            rows += names.rows_of(tool, str(LIBRARIES / name), options.rounds)
    return (f"Function names of the same {names.COUNT:,} random addresses of each file's code "
            f"(addr2line: of each {names.SLOW}th), {options.rounds} rounds: median (least to most). "
            "First time: of sonde, the first call for the file; of the others, the whole run. Later: "
            f"the same addresses {names.PASSES - 1} times more in the same process, the mean: of "
            "sonde, calls that its worker answers from symbols and names that it still holds; of the "
            f"others, a run that is given the addresses {names.PASSES} times, less the run above. "
            "Memory: of sonde's worker, of the process, all passes included. Same names: of the addresses that both name; other "
            "aliases, and inlined functions that the others know from debug information, count as "
            "different.\n\n"
            + markdown(("file", "symbolizer", "addresses a second, first time",
                        "addresses a second, later", "peak RSS MiB", "same names as sonde"),
                       rows))


# Of the page: figure, its goal, what it is.
PAGE_FIGURES = (("paint", "300 ms", "picture, from the answer's text on"),
                ("frame", "50 ms", "a frame while scrolling"),
                ("zoomed", "50 ms", "a frame while zooming"),
                ("hover", "4 ms", "pointing at a frame"),
                ("search", "50 ms", "search, table included"),
                ("parse", "-", "of these, reading the JSON"))


def page_section(options):
    """What a user of the page waits for."""
    support, web = options.bench_dir.parent / "support", HERE.parent / "web"
    progress("page: headless Chromium")
    subprocess.run([web / "install.sh", "npm"], check=True, stdout=subprocess.DEVNULL)
    environment = {**os.environ, "SONDE_MAKE_PROFILE": str(support / "make_profile"),
                   "SONDE_PAGE_FILES": str(support / "page_files")}
    done = subprocess.run(["node", web / "page_figures.mjs"], capture_output=True, text=True,
                          env=environment, check=False)
    if done.returncode != 0:
        raise measure.BenchError(f"page_figures.mjs:\n{done.stdout}{done.stderr}")
    found = json.loads(done.stdout)
    small, large = found["small"], found["large"]
    rows = [[words, f"{small[name]:.1f} ms", f"{large[name]:.1f} ms", goal]
            for name, goal, words in PAGE_FIGURES]
    rows += [["memory of the page", "-", f"{found['heap'] / 1e6:.0f} MB", "120 MB"],
             ["first script, gzip", "-", f"{found['bytes'][0] / 1000:.1f} kB", "40 kB"],
             ["second script, gzip", "-", f"{found['bytes'][1] / 1000:.1f} kB", "-"],
             ["requests to the first picture", "-", found["requests"], "8"]]
    return ("`node tests/web/page_figures.mjs`: the agent's page in headless Chromium without a GPU, 1440 x 900, "
            "an invented profile; medians of 9.\n\n"
            + markdown(("", f"{small['nodes']:,} nodes", f"{large['nodes']:,} nodes, {large['names']:,} names",
                        "goal"), rows))


def oracle_section(options):
    """Our rows beside libdw's, over every installed ELF file."""
    tool = options.bench_dir.parent / "oracle" / "row_oracle"
    progress("oracle: every installed ELF file")
    text = run_tool([tool, "--all"])
    return f"`{tool.name} --all`\n\n```\n{text.strip()}\n```"


def truth_row(kind, tallies, gates):
    """A kind of programs as one row: `tallies` are of truth_matrix.py's JSON."""
    samples = sum(one["samples"] for one in tallies)
    correct = sum(one["correct"] for one in tallies)
    least = min(one["correct"] / max(one["samples"], 1) for one in tallies)
    return [kind, len(tallies), samples, f"{correct / max(samples, 1):.2%}", f"{least:.2%}",
            f"> {min(gates):.0%}", sum(one["not_yet"] for one in tallies),
            sum(one["gone"] for one in tallies)]


def truth_section(options):
    """Whole and right stacks of the programs that know theirs, by kind."""
    result = options.work / "truth.json"
    progress("truth: every program that knows its stacks")
    run_tool([Path(sys.executable), HERE.parent / "truth" / "truth_matrix.py", "--sonde",
              options.sonde, "--out", options.work / "truth", "--json", result])
    tallies = json.loads(result.read_text(encoding="utf-8"))
    kinds = {}
    for name, tally in tallies.items():
        kinds.setdefault(variants.BY_NAME[name].kind(), []).append(name)
    rows = [truth_row(kind, [tallies[name] for name in names],
                      [variants.BY_NAME[name].min_correct for name in names])
            for kind, names in sorted(kinds.items())]
    return ("`truth_matrix.py`: programs that state the stacks they can be seen in, all recorded "
            "at 499 Hz, half of them started during the recording. A stack counts if every frame "
            "of it is right, up to the thread's first. Not yet: before tables were there, and "
            "deeper than what was kept of it until then. Gone: the program had given its memory "
            "back.\n\n"
            + markdown(("kind", "programs", "samples", "whole and right", "least of a program",
                        "gate", "not yet", "gone"), rows))


SECTIONS = {"truth": truth_section, "kernel": kernel_section, "agent": agent_section,
            "calls": calls_section, "compile": compile_section, "rows": rows_section,
            "names": names_section, "page": page_section, "oracle": oracle_section}


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return (f"{len(os.sched_getaffinity(0))} CPUs ({model[1] if model else 'unknown'}), "
            f"kernel {os.uname().release}")


def write_docs(path, section, text):
    """Puts the text between the section's markers."""
    begin, end = f"<!-- {section} begin -->", f"<!-- {section} end -->"
    whole = path.read_text(encoding="utf-8")
    if begin not in whole or end not in whole:
        raise measure.BenchError(f"{path}: no markers for {section}")
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sonde", type=Path, default=Path("build/release/sonde"))
    parser.add_argument("--work", type=Path, default=Path("build/bench"))
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--minutes", type=int, default=10, help="of each run of the agent")
    parser.add_argument("--bench-dir", type=Path, default=Path("build/ci/tests/bench"))
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    options = parser.parse_args()
    capabilities.require("bpf", "perf")
    options.work = options.work.resolve()
    options.tool = guest.build_tool("bpf_programs", options.work)
    with measure.bpf_statistics():
        for section in options.sections or SECTIONS:
            try:
                text = f"{machine()}.\n\n{SECTIONS[section](options)}"
            except measure.BenchError as error:
                sys.exit(f"bench: {section}: {error}")
            print(f"\n## {section}\n\n{text}", flush=True)
            if options.docs:
                write_docs(options.docs, section, text)


if __name__ == "__main__":
    main()
