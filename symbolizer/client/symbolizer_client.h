// SPDX-License-Identifier: Apache-2.0
// Asks the worker process for unwind rows and names, caches rows on disk, and survives whatever
// a hostile file does to the worker. The agent itself never maps or parses a foreign file: it
// passes descriptors and checks answers.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "core/model/row_table.h"
#include "symbolizer/wire/reason.h"

namespace sonde {

// What a file says about itself. All of it is a claim of that file, except `sha256`.
struct FileInfo {
  std::string build_id;   // lower-case hex, at most 64 bytes = 128 digits; empty if none
  std::string sha256;     // 64 hex digits, over the bytes that unwind rows are made from
  std::string debuglink;  // file name in .gnu_debuglink; empty if none
  std::uint32_t debuglink_crc = 0;
  bool has_symtab = false;  // a full symbol table, or the packed one in .gnu_debugdata
  bool has_dynsym = false;  // exported names
  bool has_unwind_tables = false;
  bool has_rows = false;  // unwind tables, or code without them

  [[nodiscard]] bool has_symbols() const { return has_symtab || has_dynsym; }
};

struct NamedFunction {
  std::string name;               // demangled (C++, Rust), valid UTF-8 without control characters
  std::string system_name;        // as in the symbol table
  std::uint64_t file_offset = 0;  // of the function's first byte
};

// The answer to one names request: entries[i] belongs to offsets[i].
struct NameTable {
  static constexpr std::uint32_t kNoFunction = 0xffffffff;
  struct Entry {
    std::uint32_t function = kNoFunction;  // index into functions
    Reason reason = Reason::kNone;         // why there is none; kNone if there is one
    // Without a name: file offset where its function begins; the offset itself if not known.
    std::uint64_t begin = 0;
  };
  std::vector<NamedFunction> functions;  // each once
  std::vector<Entry> entries;
};

struct NameRequest {
  int fd = -1;                             // the file; any position, not changed
  std::span<const std::uint64_t> offsets;  // file offsets, ascending, duplicates allowed
  // Where separate debug files may be: the root directory the file's process sees (a path such
  // as /proc/PID/root; symbolic links are resolved inside it), then the host's. Empty = host's.
  std::string root;
  std::string path;        // of the file inside `root`, for .gnu_debuglink; empty = build id only
  std::uint32_t user = 0;  // who can have a file system in `root` that does not answer
};

// Snapshot of what happened so far; every number only grows.
struct SymbolizerCounters {
  std::uint64_t requests = 0;            // sent to a worker, retries included
  std::uint64_t worker_starts = 0;       // the first start included
  std::uint64_t worker_restarts = 0;     // of those that ended while they were wanted
  std::uint64_t worker_killed = 0;       // died by SIGKILL that was not ours
  std::uint64_t worker_crashes = 0;      // died by itself
  std::uint64_t deadlines_exceeded = 0;  // killed by us: too slow
  std::uint64_t bad_answers = 0;         // failed our checks; worker killed
  std::uint64_t workers_stuck = 0;       // killed, but still waiting for a file system
  std::uint64_t files_refused = 0;       // requests for a file that is marked, answered at once
  std::uint64_t cache_hits = 0;          // rows read from disk
  std::uint64_t cache_misses = 0;        // not on disk
  std::uint64_t cache_corrupt = 0;       // on disk but damaged or of another version: rebuilt
  std::uint64_t cache_read_failures = 0;
  std::uint64_t cache_write_failures = 0;
  std::uint64_t cache_evictions = 0;        // files removed to stay under the cap
  std::uint64_t names_reused = 0;           // answered from symbols that the worker still held
  std::uint64_t names_evicted = 0;          // files whose symbols it dropped to stay under 8 MiB
  std::uint64_t debug_files_rejected = 0;   // found, but build id, CRC or owner did not match
  std::uint64_t debug_files_stuck = 0;      // looked for, and their file system did not answer
  std::uint64_t worker_cpu_ns = 0;          // user + system, of all workers so far
  std::uint64_t worker_peak_rss_bytes = 0;  // highest of the workers that ran one after the other

  SymbolizerCounters& operator+=(const SymbolizerCounters& other);
};

// Thread-safe: two calls are served at once, by a worker each; others wait for their turn.
class SymbolizerClient {
 public:
  struct Options {
    std::string cache_dir;  // created 0700 if missing; empty = no cache on disk
    std::uint64_t cache_max_bytes = std::uint64_t{256} << 20;
    // Of one request. A busy host gives the worker little of the CPU: that is no reason to kill it.
    std::chrono::milliseconds deadline{30'000};
    std::chrono::seconds cpu_limit{10};
    std::chrono::milliseconds keep_second{30'000};               // worker, after its last call
    std::uint64_t worker_memory_bytes = std::uint64_t{3} << 30;  // address space limit
    // What is executed as the worker; its main must call worker_main(kWorkerSocketFd).
    std::string executable = "/proc/self/exe";
    std::vector<std::string> arguments = {"worker"};  // argv[1...]
  };

  // Starts the worker and opens the cache: before files of others are open. A cache directory that
  // cannot be used is not an error: the client works without one and says so in cache_problem().
  // errors: kUnavailable (the worker cannot be executed).
  static Result<std::unique_ptr<SymbolizerClient>> start(const Options& options);
  ~SymbolizerClient();  // ends the worker
  SymbolizerClient(const SymbolizerClient&) = delete;
  SymbolizerClient& operator=(const SymbolizerClient&) = delete;

  // What the file says about itself. Remembered by (device, inode, size, mtime, ctime).
  // errors  reason_of(error) names why: not_elf, corrupt, unreadable, worker_crashed, ...
  // cost    reads and hashes .eh_frame once: about 3 ms for 5 MB.
  Result<FileInfo> describe(int fd);

  // The same if it is remembered: asks no worker.
  std::optional<FileInfo> remembered(int fd);

  // The unwind rows of the file, checked completely: page counts, order, every field. Empty
  // (no pages) if the file has no unwind tables. Sources: .eh_frame, then .debug_frame.
  // errors  as describe()
  // cost    about 60 ns a row; from the disk cache about 5 ns a row.
  Result<RowTable> rows(int fd);

  // Names of file offsets. A file or worker that fails is not an error of this call: then every
  // entry carries the reason. Never fails for what a file contains.
  // errors  kInvalidArgument (offsets not ascending, or more than 16 M of them).
  Result<NameTable> names(const NameRequest& request);

  // Names of addresses in code that a process made at run time: of its perf map or jitdump. Errors
  // as of names().
  Result<NameTable> code_names(int fd, std::span<const std::uint64_t> addresses);

  // Ends calls that are being served: they answer as if their worker had been killed. Calls that
  // wait for their turn are served, by another worker. For who cannot wait for a deadline. Never
  // waits.
  //
  // of  the thread whose call it is; none: whoever's.
  void interrupt(std::optional<std::thread::id> of = std::nullopt);

  // Gives memory back: ends workers that serve no call, whose caches go with them, and forgets what
  // files said about themselves. The next call starts another worker.
  void drop_caches();

  [[nodiscard]] SymbolizerCounters counters() const;
  // Process ids of the running workers. For tests and for accounting of own cost.
  [[nodiscard]] std::vector<int> worker_pids() const;
  // Why there is no cache on disk although one was asked for; empty if there is.
  [[nodiscard]] std::string cache_problem() const;

 private:
  class Impl;
  explicit SymbolizerClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sonde
