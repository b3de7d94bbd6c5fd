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
#include "symbolizer/client/worker_link.h"
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
 public:
  explicit Impl(const Options& options) : link_(options) { open_cache(options); }

  Result<void> start() { return link_.ensure_worker(); }
  Result<FileInfo> describe(int fd);
  std::optional<FileInfo> remembered(int fd);
  Result<RowTable> rows(int fd);
  Result<NameTable> names(const NameRequest& request);
  Result<NameTable> code_names(int fd, std::span<const std::uint64_t> addresses);
  void interrupt() { link_.interrupt(); }
  void drop_caches();
  [[nodiscard]] SymbolizerCounters counters() const;
  [[nodiscard]] int worker_pid() const { return link_.pid(); }
  [[nodiscard]] std::string cache_problem() const { return cache_problem_; }

 private:
  void open_cache(const Options& options);
  Result<FileInfo> described(int fd, const FileKey& key);
  Result<FileInfo> remember(const FileKey& key, std::span<const std::byte> answer);
  Result<RowTable> build_rows(int fd, const FileKey& key, FileInfo info);
  Result<NameTable> named(const NameRequest& request, const FileKey& key);
  std::optional<NameTable> try_debug_files(const NameRequest& request, const FileKey& key,
                                           const FileInfo& info);
  ForeignFile open_debug_file(const DebugFileCandidate& candidate, const NameRequest& request,
                              const FileKey& of);
  Result<NameTable> ask_names(const NameRequest& request, const FileKey& key, Question question,
                              bool& rejected);

  std::mutex mutex_;  // one request at a time
  WorkerLink link_;
  std::optional<RowCache> cache_;
  std::string cache_problem_;
  std::map<FileKey, FileInfo> infos_;
  TimedCalls calls_;

  mutable std::mutex counters_mutex_;
  RowCache::Counters cache_counters_;       // guarded by counters_mutex_
  std::uint64_t debug_files_rejected_ = 0;  // guarded by counters_mutex_
  std::uint64_t debug_files_stuck_ = 0;     // guarded by counters_mutex_

  void publish_cache_counters() {
    const std::lock_guard lock(counters_mutex_);
    if (cache_) cache_counters_ = cache_->counters();
  }
};

void SymbolizerClient::Impl::drop_caches() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  infos_.clear();
  link_.retire();
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
  const std::lock_guard lock(mutex_);
  const auto key = FileKey::of(fd);
  if (!key) return key.error();
  return described(fd, *key);
}

std::optional<FileInfo> SymbolizerClient::Impl::remembered(int fd) {
  const std::lock_guard lock(mutex_);
  const auto key = FileKey::of(fd);
  const auto found = key ? infos_.find(*key) : infos_.end();
  return found == infos_.end() ? std::nullopt : std::optional(found->second);
}

Result<FileInfo> SymbolizerClient::Impl::described(int fd, const FileKey& key) {
  if (const auto found = infos_.find(key); found != infos_.end()) return found->second;
  const Question question = describe_question(fd);
  auto answers = link_.ask(key, std::span(&question, 1));
  if (!answers) return answers.error();
  return remember(key, answers->front().payload);
}

Result<FileInfo> SymbolizerClient::Impl::remember(const FileKey& key,
                                                  std::span<const std::byte> answer) {
  auto info = decode_info(answer);
  if (!info) return link_.reject_answer(key, info.error());
  if (infos_.size() >= kMaxRemembered) infos_.clear();
  infos_.insert_or_assign(key, *info);
  return info;
}

Result<RowTable> SymbolizerClient::Impl::rows(int fd) {
  const std::lock_guard lock(mutex_);
  const auto key = FileKey::of(fd);
  if (!key) return key.error();
  auto info = described(fd, *key);
  if (!info) return info.error();
  if (!info->has_rows) return RowTable{};
  if (cache_) {
    auto cached = cache_->load(info->sha256);
    publish_cache_counters();
    if (cached) return std::move(*cached);
  }
  return build_rows(fd, *key, std::move(*info));
}

// The worker makes rows of the very bytes it hashed when it described the file: a file that
// changes in between cannot put its rows under another file's hash.
Result<RowTable> SymbolizerClient::Impl::build_rows(int fd, const FileKey& key, FileInfo info) {
  Result<std::vector<Answer>> answers = refuse(Reason::kWorkerUnavailable, "not asked yet");
  if (link_.described() == key) {
    const Question question = rows_question();
    answers = link_.ask(key, std::span(&question, 1));
  }
  if (!answers && reason_of(answers.error()) == Reason::kWorkerUnavailable) {
    const std::array questions{describe_question(fd), rows_question()};
    answers = link_.ask(key, questions);
    if (!answers) return answers.error();
    auto again = remember(key, answers->front().payload);
    if (!again) return again.error();
    info = std::move(*again);
  }
  if (!answers) return answers.error();
  const int answer = answers->back().fd.get();
  const auto bytes = sealed_size(answer, kMaxRowFileBytes);
  auto table = bytes ? read_row_file(answer, 0, *bytes) : Result<RowTable>(bytes.error());
  if (!table) return link_.reject_answer(key, table.error());
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
  const std::lock_guard lock(mutex_);
  const auto key = FileKey::of(request.fd);
  auto table = key ? named(request, *key) : Result<NameTable>(key.error());
  if (!table) return all_unnamed(request.offsets, reason_of(table.error()));
  return table;
}

Result<NameTable> SymbolizerClient::Impl::code_names(int fd,
                                                     std::span<const std::uint64_t> addresses) {
  if (!std::ranges::is_sorted(addresses) || addresses.size() > kMaxOffsets) {
    return Error{ErrorCode::kInvalidArgument, "addresses must ascend and be 16 M at most"};
  }
  const std::lock_guard lock(mutex_);
  const auto key = FileKey::of(fd);
  bool rejected = false;
  auto table = key ? ask_names({.fd = fd, .offsets = addresses, .root = {}, .path = {}}, *key,
                               Question{.kind = RequestKind::kCode, .fds = {fd}}, rejected)
                   : Result<NameTable>(key.error());
  if (!table) return all_unnamed(addresses, reason_of(table.error()));
  return table;
}

Result<NameTable> SymbolizerClient::Impl::named(const NameRequest& request, const FileKey& key) {
  const auto info = described(request.fd, key);
  if (!info) return info.error();
  if (!info->has_symtab) {
    if (auto table = try_debug_files(request, key, *info)) return std::move(*table);
  }
  bool rejected = false;
  return ask_names(request, key, Question{.kind = RequestKind::kNames, .fds = {request.fd}},
                   rejected);
}

std::optional<NameTable> SymbolizerClient::Impl::try_debug_files(const NameRequest& request,
                                                                 const FileKey& key,
                                                                 const FileInfo& info) {
  const DebugFileQuery query{request.root, request.path, info.build_id, info.debuglink};
  for (const DebugFileCandidate& candidate : debug_file_candidates(query)) {
    const ForeignFile fd = open_debug_file(candidate, request, key);
    if (!fd) continue;
    Question question{.kind = RequestKind::kNames, .fds = {request.fd, fd->get()}};
    if (!candidate.by_build_id) question.debuglink_crc = info.debuglink_crc;
    bool rejected = false;
    auto table = ask_names(request, key, std::move(question), rejected);
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

Result<NameTable> SymbolizerClient::Impl::ask_names(const NameRequest& request, const FileKey& key,
                                                    Question question, bool& rejected) {
  question.payload = std::as_bytes(request.offsets);
  question.max_answer_bytes = max_name_message_bytes(request.offsets.size());
  auto answers = link_.ask(key, std::span(&question, 1));
  if (!answers) return answers.error();
  rejected = answers->front().debug_file_rejected;
  auto table = decode_names(answers->front().payload, request.offsets);
  if (!table) return link_.reject_answer(key, table.error());
  return table;
}

SymbolizerCounters SymbolizerClient::Impl::counters() const {
  SymbolizerCounters out = link_.counters();
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
void SymbolizerClient::interrupt() { impl_->interrupt(); }
SymbolizerCounters SymbolizerClient::counters() const { return impl_->counters(); }
int SymbolizerClient::worker_pid() const { return impl_->worker_pid(); }
std::string SymbolizerClient::cache_problem() const { return impl_->cache_problem(); }

}  // namespace sonde
