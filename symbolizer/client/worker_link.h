// SPDX-License-Identifier: Apache-2.0
// Questions to the worker that survive the worker: restarts it, asks again, and remembers files
// that bring it down so that they are not tried for ever.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "core/base/large_memory.h"
#include "core/base/result.h"
#include "symbolizer/client/symbolizer_client.h"
#include "symbolizer/client/worker_process.h"
#include "symbolizer/client/worker_starter.h"
#include "symbolizer/wire/file_key.h"
#include "symbolizer/wire/messages.h"

namespace sonde {

struct Question {
  RequestKind kind = RequestKind::kDescribe;
  std::vector<int> fds;  // at most 2
  std::span<const std::byte> payload = {};
  std::uint64_t max_answer_bytes = 0;  // of the payload
  std::optional<std::uint32_t> debuglink_crc = {};
};

struct Answer {
  LargeVector<std::byte> payload;
  UniqueFd fd;
  bool debug_file_rejected = false;
};

// Files that brought a worker down. Thread-safe.
class FileStrikes {
 public:
  void add(const FileKey& file, Reason reason);
  // Why it is not given to a worker again; none if it may.
  [[nodiscard]] std::optional<Reason> marked(const FileKey& file) const;

 private:
  struct Strikes {
    int count = 0;
    Reason reason = Reason::kNone;
  };
  mutable std::mutex mutex_;
  std::map<FileKey, Strikes> strikes_;  // guarded by mutex_
};

// Calls are confined to whoever has the lane, except interrupt(), pid() and counters().
class WorkerLink {
 public:
  // strikes  outlives this: against files, whichever worker they brought down.
  WorkerLink(const SymbolizerClient::Options& options, FileStrikes& strikes)
      : options_(options), strikes_(strikes) {}

  // Makes it possible to start workers: to be called before files of others are open.
  // errors: worker_unavailable.
  Result<void> prepare();
  // Starts the worker if none runs. errors: worker_unavailable.
  Result<void> ensure_worker();

  // Asks all questions, in order, of one and the same worker; if it dies on the way, all of them
  // again of a new one.
  // - killed from outside: again, up to 64 times with growing pauses, then worker_killed;
  // - crashed: once more; two crashes mark the file, from then on it is refused at once;
  // - too slow: killed, worker_deadline; the second time marks the file.
  // errors: the worker's own reason for refusing the file, or one of the above.
  Result<std::vector<Answer>> ask(const FileKey& file, std::span<const Question> questions);

  // An answer did not pass the caller's checks: ends this worker and counts against the file.
  Error reject_answer(const FileKey& file, const Error& why);

  // Ends the worker that has nothing to do; the next question starts another one.
  void retire();

  // By any thread, which waits for nothing: ends the worker. What it was asked fails with
  // worker_killed and is not asked again; the next question starts another one.
  void interrupt();

  // The file whose unwind bytes the running worker holds (kRows needs no fd then).
  [[nodiscard]] std::optional<FileKey> described() const { return described_; }

  [[nodiscard]] int pid() const { return pid_.load(std::memory_order_relaxed); }
  [[nodiscard]] SymbolizerCounters counters() const;

 private:
  enum class Failure : std::uint8_t { kKilled, kCrashed, kDeadline, kProtocol };

  Result<std::vector<Answer>> try_once(std::span<const Question> questions, bool& refused);
  Result<Answer> exchange(const Question& question, WireDeadline deadline, bool& refused);
  Result<Answer> receive(const Question& question, std::uint64_t id, WireDeadline deadline,
                         bool& refused);
  std::unique_ptr<WorkerProcess> take_worker();
  // Ends the worker after a failed attempt and says what kind of failure it was.
  Failure bury(const Error& error, std::string& how);
  std::optional<Error> marked(const FileKey& file);
  void count(std::uint64_t SymbolizerCounters::*which);
  void note_names(const WireAnswer& header);
  void note_usage(std::uint64_t cpu_ns, std::uint64_t peak_rss_bytes, bool dead);

  const SymbolizerClient::Options options_;
  std::unique_ptr<WorkerStarter> starter_;
  std::mutex worker_mutex_;                // of interrupt() and of who starts and ends the worker
  std::unique_ptr<WorkerProcess> worker_;  // changed under worker_mutex_
  std::atomic<std::uint64_t> interrupts_{0};
  bool is_retired_ = false;  // its next worker is no restart
  std::optional<FileKey> described_;
  FileStrikes& strikes_;
  std::uint64_t next_id_ = 1;

  std::atomic<int> pid_{0};
  mutable std::mutex counters_mutex_;
  SymbolizerCounters counters_;      // guarded by counters_mutex_
  std::uint64_t buried_cpu_ns_ = 0;  // guarded by counters_mutex_
};

}  // namespace sonde
