// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/client/symbolizer_client.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/foreign_file.h"
#include "core/base/sha256.h"
#include "core/base/timed_calls.h"
#include "symbolizer/client/debug_files.h"
#include "symbolizer/client/name_message.h"
#include "symbolizer/client/row_cache.h"
#include "symbolizer/client/worker_lanes.h"
#include "symbolizer/wire/file_key.h"
#include "symbolizer/wire/row_file.h"
#include "symbolizer/wire/sealed_file.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxRemembered = 8192;

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

Result<FileInfo> decode_info(std::span<const std::byte> bytes) {
  WireFileInfo raw;
  if (bytes.size() != sizeof(raw)) {
    return refuse(Reason::kWorkerProtocol, "a description of the wrong size");
  }
  std::memcpy(&raw, bytes.data(), sizeof(raw));
  const auto name_end = std::ranges::find(raw.debuglink, '\0');
  if (raw.build_id_bytes > raw.build_id.size() || name_end == raw.debuglink.end()) {
    return refuse(Reason::kWorkerProtocol, "a description out of range");
  }
  FileInfo info;
  info.sha256 = hex(raw.sha256);
  info.build_id = hex(std::span(raw.build_id).first(raw.build_id_bytes));
  info.debuglink.assign(raw.debuglink.begin(), name_end);
  if (info.debuglink.find('/') != std::string::npos) info.debuglink.clear();
  info.debuglink_crc = raw.debuglink_crc;
  info.has_symtab = raw.has_symtab != 0;
  info.has_dynsym = raw.has_dynsym != 0;
  info.has_unwind_tables = raw.has_unwind_tables != 0;
  info.has_rows = raw.has_rows != 0;
  return info;
}

NameTable all_unnamed(std::span<const std::uint64_t> offsets, Reason reason) {
  NameTable table;
  table.entries.reserve(offsets.size());
  for (const std::uint64_t offset : offsets) {
    table.entries.push_back({NameTable::kNoFunction, reason, offset});
  }
  return table;
}

Question describe_question(int fd) {
  return Question{
      .kind = RequestKind::kDescribe, .fds = {fd}, .max_answer_bytes = sizeof(WireFileInfo)};
}
Question rows_question() { return Question{.kind = RequestKind::kRows, .fds = {}}; }

}  // namespace

class SymbolizerClient::Impl {
  using Worker = WorkerLanes::Lease;

 public:
  explicit Impl(const Options& options) : workers_(options) { open_cache(options); }

  Result<void> start() { return workers_.start(); }
  Result<FileInfo> describe(int fd);
  std::optional<FileInfo> remembered(int fd);
  Result<RowTable> rows(int fd);
  Result<NameTable> names(const NameRequest& request);
  Result<NameTable> code_names(int fd, std::span<const std::uint64_t> addresses);
  void interrupt(std::optional<std::thread::id> of) { workers_.interrupt(of); }
  void drop_caches();
  [[nodiscard]] SymbolizerCounters counters() const;
  [[nodiscard]] std::vector<int> worker_pids() const { return workers_.pids(); }
  [[nodiscard]] std::string cache_problem() const { return cache_problem_; }

 private:
  void open_cache(const Options& options);
  std::optional<FileInfo> remembered(const FileKey& key);
  Result<FileInfo> described(const Worker& worker, int fd, const FileKey& key);
  Result<FileInfo> remember(const Worker& worker, const FileKey& key,
                            std::span<const std::byte> answer);
  std::optional<RowTable> cached_rows(const FileInfo& info);
  Result<RowTable> build_rows(const Worker& worker, int fd, const FileKey& key, FileInfo info);
  Result<NameTable> named(const Worker& worker, const NameRequest& request, const FileKey& key);
  std::optional<NameTable> try_debug_files(const Worker& worker, const NameRequest& request,
                                           const FileKey& key, const FileInfo& info);
  ForeignFile open_debug_file(const DebugFileCandidate& candidate, const NameRequest& request,
                              const FileKey& of);
  static Result<NameTable> ask_names(const Worker& worker, const NameRequest& request,
                                     const FileKey& key, Question question, bool& rejected);

  WorkerLanes workers_;
  std::string cache_problem_;
  std::mutex cache_mutex_;
  std::optional<RowCache> cache_;  // guarded by cache_mutex_
  std::mutex infos_mutex_;
  std::map<FileKey, FileInfo> infos_;  // guarded by infos_mutex_
  std::mutex calls_mutex_;
  TimedCalls calls_;  // guarded by calls_mutex_

  mutable std::mutex counters_mutex_;
  RowCache::Counters cache_counters_;       // guarded by counters_mutex_
  std::uint64_t debug_files_rejected_ = 0;  // guarded by counters_mutex_
  std::uint64_t debug_files_stuck_ = 0;     // guarded by counters_mutex_

  void publish_cache_counters() {
    const std::lock_guard lock(counters_mutex_);
    cache_counters_ = cache_->counters();
  }
};

void SymbolizerClient::Impl::drop_caches() {
  workers_.retire();
  const std::lock_guard lock(infos_mutex_);
  infos_.clear();
}

void SymbolizerClient::Impl::open_cache(const Options& options) {
  if (options.cache_dir.empty()) return;
  auto cache = RowCache::open(options.cache_dir, options.cache_max_bytes);
  if (cache) {
    cache_.emplace(std::move(*cache));
  } else {
    cache_problem_ = cache.error().message;
  }
}

Result<FileInfo> SymbolizerClient::Impl::describe(int fd) {
  const auto key = FileKey::of(fd);
  if (!key) return key.error();
  if (auto known = remembered(*key)) return *std::move(known);
  return described(workers_.lease(), fd, *key);
}

std::optional<FileInfo> SymbolizerClient::Impl::remembered(int fd) {
  const auto key = FileKey::of(fd);
  return key ? remembered(*key) : std::nullopt;
}

std::optional<FileInfo> SymbolizerClient::Impl::remembered(const FileKey& key) {
  const std::lock_guard lock(infos_mutex_);
  const auto found = infos_.find(key);
  return found == infos_.end() ? std::nullopt : std::optional(found->second);
}

Result<FileInfo> SymbolizerClient::Impl::described(const Worker& worker, int fd,
                                                   const FileKey& key) {
  if (auto known = remembered(key)) return *std::move(known);
  const Question question = describe_question(fd);
  auto answers = worker->ask(key, std::span(&question, 1));
  if (!answers) return answers.error();
  return remember(worker, key, answers->front().payload);
}

Result<FileInfo> SymbolizerClient::Impl::remember(const Worker& worker, const FileKey& key,
                                                  std::span<const std::byte> answer) {
  auto info = decode_info(answer);
  if (!info) return worker->reject_answer(key, info.error());
  const std::lock_guard lock(infos_mutex_);
  if (infos_.size() >= kMaxRemembered) infos_.clear();
  infos_.insert_or_assign(key, *info);
  return info;
}

Result<RowTable> SymbolizerClient::Impl::rows(int fd) {
  const auto key = FileKey::of(fd);
  if (!key) return key.error();
  const Worker worker = workers_.lease();
  auto info = described(worker, fd, *key);
  if (!info) return info.error();
  if (!info->has_rows) return RowTable{};
  if (auto cached = cached_rows(*info)) return *std::move(cached);
  return build_rows(worker, fd, *key, std::move(*info));
}

std::optional<RowTable> SymbolizerClient::Impl::cached_rows(const FileInfo& info) {
  const std::lock_guard lock(cache_mutex_);
  if (!cache_) return std::nullopt;
  auto cached = cache_->load(info.sha256);
  publish_cache_counters();
  return cached;
}

// The worker makes rows of the very bytes it hashed when it described the file: a file that
// changes in between cannot put its rows under another file's hash.
Result<RowTable> SymbolizerClient::Impl::build_rows(const Worker& worker, int fd,
                                                    const FileKey& key, FileInfo info) {
  Result<std::vector<Answer>> answers = refuse(Reason::kWorkerUnavailable, "not asked yet");
  if (worker->described() == key) {
    const Question question = rows_question();
    answers = worker->ask(key, std::span(&question, 1));
  }
  if (!answers && reason_of(answers.error()) == Reason::kWorkerUnavailable) {
    const std::array questions{describe_question(fd), rows_question()};
    answers = worker->ask(key, questions);
    if (!answers) return answers.error();
    auto again = remember(worker, key, answers->front().payload);
    if (!again) return again.error();
    info = std::move(*again);
  }
  if (!answers) return answers.error();
  const int answer = answers->back().fd.get();
  const auto bytes = sealed_size(answer, kMaxRowFileBytes);
  auto table = bytes ? read_row_file(answer, 0, *bytes) : Result<RowTable>(bytes.error());
  if (!table) return worker->reject_answer(key, table.error());
  const std::lock_guard lock(cache_mutex_);
  if (cache_) {
    cache_->store(info.sha256, *table);
    publish_cache_counters();
  }
  return table;
}

Result<NameTable> SymbolizerClient::Impl::names(const NameRequest& request) {
  if (!std::ranges::is_sorted(request.offsets) || request.offsets.size() > kMaxOffsets) {
    return Error{ErrorCode::kInvalidArgument, "offsets must ascend and be 16 M at most"};
  }
  const auto key = FileKey::of(request.fd);
  auto table = key ? named(workers_.lease(), request, *key) : Result<NameTable>(key.error());
  if (!table) return all_unnamed(request.offsets, reason_of(table.error()));
  return table;
}

Result<NameTable> SymbolizerClient::Impl::code_names(int fd,
                                                     std::span<const std::uint64_t> addresses) {
  if (!std::ranges::is_sorted(addresses) || addresses.size() > kMaxOffsets) {
    return Error{ErrorCode::kInvalidArgument, "addresses must ascend and be 16 M at most"};
  }
  const auto key = FileKey::of(fd);
  bool rejected = false;
  auto table =
      key ? ask_names(workers_.lease(), {.fd = fd, .offsets = addresses, .root = {}, .path = {}},
                      *key, Question{.kind = RequestKind::kCode, .fds = {fd}}, rejected)
          : Result<NameTable>(key.error());
  if (!table) return all_unnamed(addresses, reason_of(table.error()));
  return table;
}

Result<NameTable> SymbolizerClient::Impl::named(const Worker& worker, const NameRequest& request,
                                                const FileKey& key) {
  const auto info = described(worker, request.fd, key);
  if (!info) return info.error();
  if (!info->has_symtab) {
    if (auto table = try_debug_files(worker, request, key, *info)) return std::move(*table);
  }
  bool rejected = false;
  return ask_names(worker, request, key, Question{.kind = RequestKind::kNames, .fds = {request.fd}},
                   rejected);
}

std::optional<NameTable> SymbolizerClient::Impl::try_debug_files(const Worker& worker,
                                                                 const NameRequest& request,
                                                                 const FileKey& key,
                                                                 const FileInfo& info) {
  const DebugFileQuery query{request.root, request.path, info.build_id, info.debuglink};
  for (const DebugFileCandidate& candidate : debug_file_candidates(query)) {
    const ForeignFile fd = open_debug_file(candidate, request, key);
    if (!fd) continue;
    Question question{.kind = RequestKind::kNames, .fds = {request.fd, fd->get()}};
    if (!candidate.by_build_id) question.debuglink_crc = info.debuglink_crc;
    bool rejected = false;
    auto table = ask_names(worker, request, key, std::move(question), rejected);
    if (!table) return std::nullopt;
    if (!rejected) return std::move(*table);
    const std::lock_guard lock(counters_mutex_);
    ++debug_files_rejected_;
  }
  return std::nullopt;
}

// Null if there is none. Places beside a file are on its own file system as a rule: a server that
// is slow for one file is so for its neighbours, and holds up no others; the host's are asked
// apart.
ForeignFile SymbolizerClient::Impl::open_debug_file(const DebugFileCandidate& candidate,
                                                    const NameRequest& request, const FileKey& of) {
  const std::string root = candidate.in_root ? request.root : "/";
  const std::uint64_t place = of.device << 1U | (candidate.in_root ? 1U : 0U);
  const auto owner = owner_of(request.fd);
  if (!owner) return nullptr;
  const std::lock_guard calls_lock(calls_mutex_);
  auto file = calls_.run<Result<ForeignFile>>(
      {.id = place, .user = candidate.in_root ? request.user : 0},
      [root, path = candidate.path, owner = *owner]() -> Result<ForeignFile> {
        auto fd = sonde::open_debug_file(root, path, owner);
        if (!fd) return fd.error();
        return adopt_foreign(std::move(*fd));
      });
  const std::lock_guard lock(counters_mutex_);
  debug_files_stuck_ = calls_.given_up();
  if (!file) return nullptr;
  if (*file) return std::move(**file);
  const Error& why = file->error();
  if (why.code == ErrorCode::kPermissionDenied && why.sys_errno == 0) ++debug_files_rejected_;
  return nullptr;
}

Result<NameTable> SymbolizerClient::Impl::ask_names(const Worker& worker,
                                                    const NameRequest& request, const FileKey& key,
                                                    Question question, bool& rejected) {
  question.payload = std::as_bytes(request.offsets);
  question.max_answer_bytes = max_name_message_bytes(request.offsets.size());
  auto answers = worker->ask(key, std::span(&question, 1));
  if (!answers) return answers.error();
  rejected = answers->front().debug_file_rejected;
  auto table = decode_names(answers->front().payload, request.offsets);
  if (!table) return worker->reject_answer(key, table.error());
  return table;
}

SymbolizerCounters& SymbolizerCounters::operator+=(const SymbolizerCounters& other) {
  constexpr std::array kAll = {&SymbolizerCounters::requests,
                               &SymbolizerCounters::worker_starts,
                               &SymbolizerCounters::worker_restarts,
                               &SymbolizerCounters::worker_killed,
                               &SymbolizerCounters::worker_crashes,
                               &SymbolizerCounters::deadlines_exceeded,
                               &SymbolizerCounters::bad_answers,
                               &SymbolizerCounters::workers_stuck,
                               &SymbolizerCounters::files_refused,
                               &SymbolizerCounters::cache_hits,
                               &SymbolizerCounters::cache_misses,
                               &SymbolizerCounters::cache_corrupt,
                               &SymbolizerCounters::cache_read_failures,
                               &SymbolizerCounters::cache_write_failures,
                               &SymbolizerCounters::cache_evictions,
                               &SymbolizerCounters::names_reused,
                               &SymbolizerCounters::names_evicted,
                               &SymbolizerCounters::debug_files_rejected,
                               &SymbolizerCounters::debug_files_stuck,
                               &SymbolizerCounters::worker_cpu_ns,
                               &SymbolizerCounters::worker_peak_rss_bytes};
  static_assert(sizeof(SymbolizerCounters) == kAll.size() * sizeof(std::uint64_t));
  for (const auto counter : kAll) this->*counter += other.*counter;
  return *this;
}

SymbolizerCounters SymbolizerClient::Impl::counters() const {
  SymbolizerCounters out = workers_.counters();
  const std::lock_guard lock(counters_mutex_);
  out.cache_hits = cache_counters_.hits;
  out.cache_misses = cache_counters_.misses;
  out.cache_corrupt = cache_counters_.corrupt;
  out.cache_read_failures = cache_counters_.read_failures;
  out.cache_write_failures = cache_counters_.write_failures;
  out.cache_evictions = cache_counters_.evictions;
  out.debug_files_rejected = debug_files_rejected_;
  out.debug_files_stuck = debug_files_stuck_;
  return out;
}

Result<std::unique_ptr<SymbolizerClient>> SymbolizerClient::start(const Options& options) {
  auto impl = std::make_unique<Impl>(options);
  if (auto started = impl->start(); !started) return started.error();
  return std::unique_ptr<SymbolizerClient>(new SymbolizerClient(std::move(impl)));
}

SymbolizerClient::SymbolizerClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SymbolizerClient::~SymbolizerClient() = default;

Result<FileInfo> SymbolizerClient::describe(int fd) { return impl_->describe(fd); }
std::optional<FileInfo> SymbolizerClient::remembered(int fd) { return impl_->remembered(fd); }
Result<RowTable> SymbolizerClient::rows(int fd) { return impl_->rows(fd); }
Result<NameTable> SymbolizerClient::names(const NameRequest& request) {
  return impl_->names(request);
}
Result<NameTable> SymbolizerClient::code_names(int fd, std::span<const std::uint64_t> addresses) {
  return impl_->code_names(fd, addresses);
}
void SymbolizerClient::drop_caches() { impl_->drop_caches(); }
void SymbolizerClient::interrupt(std::optional<std::thread::id> of) { impl_->interrupt(of); }
SymbolizerCounters SymbolizerClient::counters() const { return impl_->counters(); }
std::vector<int> SymbolizerClient::worker_pids() const { return impl_->worker_pids(); }
std::string SymbolizerClient::cache_problem() const { return impl_->cache_problem(); }

}  // namespace sonde
