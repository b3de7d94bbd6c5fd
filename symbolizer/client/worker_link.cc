// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/worker_link.h"

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "core/base/clock.h"
#include "symbolizer/client/name_message.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxKills = 64;   // in one call
constexpr int kMaxStrikes = 2;  // of one file
constexpr std::size_t kMaxMarked = 8192;
constexpr std::uint64_t kMaxErrorText = 1024;

void pause_before_retry(int kills) {
  std::this_thread::sleep_for(milliseconds(std::min(1 << std::min(kills, 6), 64)));
}

Error protocol_error(std::string_view what) {
  return Error{ErrorCode::kInvalidArgument, std::string(what)};
}

}  // namespace

Result<void> WorkerLink::prepare() {
  if (starter_) return {};
  auto starter = WorkerStarter::create(options_.executable, options_.arguments);
  if (!starter) return refuse(Reason::kWorkerUnavailable, starter.error().message);
  starter_ = std::move(*starter);
  return {};
}

Result<void> WorkerLink::ensure_worker() {
  if (worker_) return {};
  if (auto prepared = prepare(); !prepared) return prepared;
  auto started = WorkerProcess::start(*starter_);
  if (!started) return refuse(Reason::kWorkerUnavailable, started.error().message);
  {
    const std::lock_guard lock(worker_mutex_);
    worker_ = std::move(*started);
  }
  pid_.store(worker_->pid(), std::memory_order_relaxed);
  const std::lock_guard lock(counters_mutex_);
  if (counters_.worker_starts++ > 0 && !is_retired_) ++counters_.worker_restarts;
  is_retired_ = false;
  return {};
}

Result<std::vector<Answer>> WorkerLink::ask(const FileKey& file,
                                            std::span<const Question> questions) {
  int kills = 0;
  const std::uint64_t interrupts = interrupts_.load();
  while (true) {
    if (auto mark = marked(file)) return *mark;
    if (auto ready = ensure_worker(); !ready) return ready.error();
    bool refused = false;
    auto answers = try_once(questions, refused);
    if (answers || refused) {
      if (questions[0].kind == RequestKind::kDescribe) described_ = file;
      if (questions.back().kind == RequestKind::kRows || !answers) described_.reset();
      return answers;
    }
    std::string how;
    switch (bury(answers.error(), how)) {
      case Failure::kKilled:
        if (++kills > kMaxKills || interrupts_.load() != interrupts)
          return refuse(Reason::kWorkerKilled, how);
        pause_before_retry(kills);
        break;
      case Failure::kCrashed:
        strikes_.add(file, Reason::kWorkerCrashed);
        break;  // again, unless that marked it
      case Failure::kDeadline:
        strikes_.add(file, Reason::kWorkerDeadline);
        return refuse(Reason::kWorkerDeadline, how);
      case Failure::kProtocol:
        strikes_.add(file, Reason::kWorkerProtocol);
        break;
    }
  }
}

Result<std::vector<Answer>> WorkerLink::try_once(std::span<const Question> questions,
                                                 bool& refused) {
  const WireDeadline deadline =
      monotonic_ns() +
      static_cast<std::uint64_t>(std::chrono::nanoseconds(options_.deadline).count());
  std::vector<Answer> answers;
  for (const Question& question : questions) {
    auto answer = exchange(question, deadline, refused);
    if (!answer) return answer.error();
    answers.push_back(std::move(*answer));
  }
  return answers;
}

Result<Answer> WorkerLink::exchange(const Question& question, WireDeadline deadline,
                                    bool& refused) {
  WireRequest request;
  request.kind = question.kind;
  request.id = next_id_++;
  request.payload_bytes = question.payload.size();
  request.memory_limit_bytes = options_.worker_memory_bytes;
  request.cpu_limit_s = static_cast<std::uint32_t>(options_.cpu_limit.count());
  request.fd_count = static_cast<std::uint32_t>(question.fds.size());
  request.use_crc = question.debuglink_crc ? 1 : 0;
  request.debuglink_crc = question.debuglink_crc.value_or(0);
  count(&SymbolizerCounters::requests);
  auto sent = send_message(worker_->socket(), std::as_bytes(std::span(&request, 1)), question.fds,
                           question.payload, deadline);
  if (!sent) return sent.error();
  return receive(question, request.id, deadline, refused);
}

Result<Answer> WorkerLink::receive(const Question& question, std::uint64_t id,
                                   WireDeadline deadline, bool& refused) {
  WireAnswer header;
  auto fds =
      receive_header(worker_->socket(), std::as_writable_bytes(std::span(&header, 1)), 1, deadline);
  if (!fds) return fds.error();
  const bool is_refusal = header.reason != 0;
  const std::uint64_t limit = is_refusal ? kMaxErrorText : question.max_answer_bytes;
  if (header.magic != kWireMagic || header.id != id || header.reason > 0xff ||
      !is_reason(static_cast<std::uint8_t>(header.reason)) || header.payload_bytes > limit ||
      header.fd_count != fds->size()) {
    return protocol_error("an answer that makes no sense");
  }
  const bool wants_fd = question.kind == RequestKind::kRows && !is_refusal;
  if (wants_fd != (fds->size() == 1)) return protocol_error("an answer without its file");
  Answer answer;
  answer.payload.resize(static_cast<std::size_t>(header.payload_bytes));
  auto got = receive_bytes(worker_->socket(), answer.payload, deadline);
  if (!got) return got.error();
  note_usage(header.cpu_ns, header.peak_rss_bytes, false);
  note_names(header);
  if (is_refusal) {
    refused = true;
    const auto reason = static_cast<Reason>(header.reason);
    return refuse(reason, clean_text({reinterpret_cast<const char*>(answer.payload.data()),
                                      answer.payload.size()}));
  }
  if (wants_fd) answer.fd = std::move(fds->front());
  answer.debug_file_rejected = header.debug_file_rejected != 0;
  return answer;
}

// Whoever interrupts does not wait for its end.
std::unique_ptr<WorkerProcess> WorkerLink::take_worker() {
  const std::lock_guard lock(worker_mutex_);
  return std::move(worker_);
}

void WorkerLink::retire() {
  if (!worker_) return;
  const WorkerProcess::Death death = take_worker()->kill();
  is_retired_ = true;
  described_.reset();
  pid_.store(0, std::memory_order_relaxed);
  note_usage(death.cpu_ns, death.peak_rss_bytes, true);
}

void WorkerLink::interrupt() {
  ++interrupts_;
  const std::lock_guard lock(worker_mutex_);
  if (worker_ && worker_->pid() > 0) ::kill(worker_->pid(), SIGKILL);
}

WorkerLink::Failure WorkerLink::bury(const Error& error, std::string& how) {
  const bool closed = error.code == ErrorCode::kUnavailable;
  const auto worker = take_worker();
  const WorkerProcess::Death death = closed ? worker->reap() : worker->kill();
  described_.reset();
  pid_.store(0, std::memory_order_relaxed);
  note_usage(death.cpu_ns, death.peak_rss_bytes, true);
  if (death.stuck) count(&SymbolizerCounters::workers_stuck);
  how = closed ? death.how : error.message;
  if (error.code == ErrorCode::kDeadlineExceeded || (closed && death.out_of_time)) {
    count(&SymbolizerCounters::deadlines_exceeded);
    return Failure::kDeadline;
  }
  if (!closed) {
    count(&SymbolizerCounters::bad_answers);
    return Failure::kProtocol;
  }
  count(death.killed ? &SymbolizerCounters::worker_killed : &SymbolizerCounters::worker_crashes);
  return death.killed ? Failure::kKilled : Failure::kCrashed;
}

Error WorkerLink::reject_answer(const FileKey& file, const Error& why) {
  std::string how;
  if (worker_) bury(Error{ErrorCode::kInvalidArgument, why.message}, how);
  strikes_.add(file, Reason::kWorkerProtocol);
  return refuse(Reason::kWorkerProtocol, why.message);
}

void FileStrikes::add(const FileKey& file, Reason reason) {
  const std::lock_guard lock(mutex_);
  if (strikes_.size() >= kMaxMarked) strikes_.clear();  // each costs two more deaths at most
  Strikes& strikes = strikes_[file];
  strikes.reason = reason;
  ++strikes.count;
}

std::optional<Reason> FileStrikes::marked(const FileKey& file) const {
  const std::lock_guard lock(mutex_);
  const auto found = strikes_.find(file);
  if (found == strikes_.end() || found->second.count < kMaxStrikes) return std::nullopt;
  return found->second.reason;
}

std::optional<Error> WorkerLink::marked(const FileKey& file) {
  const auto reason = strikes_.marked(file);
  if (!reason) return std::nullopt;
  count(&SymbolizerCounters::files_refused);
  return refuse(*reason, "this file brought the worker down before");
}

void WorkerLink::count(std::uint64_t SymbolizerCounters::*which) {
  const std::lock_guard lock(counters_mutex_);
  ++(counters_.*which);
}

void WorkerLink::note_names(const WireAnswer& header) {
  const std::lock_guard lock(counters_mutex_);
  if (header.names_reused != 0) ++counters_.names_reused;
  counters_.names_evicted += header.names_evicted;
}

void WorkerLink::note_usage(std::uint64_t cpu_ns, std::uint64_t peak_rss_bytes, bool dead) {
  const std::lock_guard lock(counters_mutex_);
  counters_.worker_cpu_ns = buried_cpu_ns_ + cpu_ns;
  if (dead) buried_cpu_ns_ += cpu_ns;
  counters_.worker_peak_rss_bytes = std::max(counters_.worker_peak_rss_bytes, peak_rss_bytes);
}

SymbolizerCounters WorkerLink::counters() const {
  const std::lock_guard lock(counters_mutex_);
  return counters_;
}

}  // namespace sonde
