// SPDX-License-Identifier: Apache-2.0
#include "agent/store/name_keeper.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "symbolizer/wire/reason.h"

namespace sonde {
namespace {

// About what a name takes in a map, beside its text.
constexpr std::uint64_t kNameBytes = 160;

std::uint64_t bytes_of(const StoredFunction& function) {
  return kNameBytes + function.name.size() + function.system_name.size();
}

// What the worker did not get to is left out.
std::vector<NamedOffset> named_offsets(std::span<const std::uint64_t> offsets,
                                       const NameTable& table) {
  std::vector<NamedOffset> out;
  out.reserve(offsets.size());
  for (std::size_t i = 0; i < offsets.size() && i < table.entries.size(); ++i) {
    const NameTable::Entry& entry = table.entries[i];
    if (entry.function < table.functions.size()) {
      const NamedFunction& function = table.functions[entry.function];
      out.emplace_back(offsets[i],
                       StoredFunction{function.name, function.system_name, function.file_offset});
    } else if (!is_transient(entry.reason)) {
      out.emplace_back(offsets[i],
                       StoredFunction{"", std::string(to_string(entry.reason)), entry.begin});
    }
  }
  return out;
}

void insert_sorted(std::vector<std::uint64_t>& known, std::uint64_t offset) {
  const auto place = std::ranges::lower_bound(known, offset);
  if (place == known.end() || *place != offset) known.insert(place, offset);
}

}  // namespace

NameKeeper::NameKeeper(std::optional<NameArchive> archive, SymbolizerClient& client,
                       std::uint64_t write_after_ns)
    : archive_(std::move(archive)), client_(client), write_after_ns_(write_after_ns) {
  if (!archive_) return;
  if (const auto found = archive_->check(); !found) problem_ = found.error().message;
}

void NameKeeper::name_file(const std::string& content, const NameRequest& request,
                           std::uint64_t now_ns) {
  const auto missing = unknown(content, request.offsets, now_ns);
  if (missing.empty()) return;
  NameRequest rest = request;
  rest.offsets = missing;
  ask(content, rest, now_ns);
}

void NameKeeper::name_again(const std::string& content, const NameRequest& request,
                            std::uint64_t now_ns) {
  ask(content, request, now_ns);
}

void NameKeeper::ask(const std::string& content, const NameRequest& request, std::uint64_t now_ns) {
  const auto table = client_.names(request);
  if (!table) return;
  const auto named = named_offsets(request.offsets, *table);
  add(content, named, now_ns);
  const std::lock_guard lock(mutex_);
  counts_.postponed += request.offsets.size() - named.size();
}

void NameKeeper::add(const std::string& content, std::span<const NamedOffset> names,
                     std::uint64_t now_ns) {
  std::unique_lock lock(mutex_);
  Kept& kept = this->kept(lock, content, now_ns);
  for (const auto& [offset, function] : names) {
    const bool is_known = std::ranges::binary_search(kept.known, offset);
    if (is_known && function.name.empty()) continue;  // no worse than what is there
    if (counts_.kept_bytes + bytes_of(function) > kMaxBytes) {
      ++counts_.dropped;
      continue;
    }
    if (kept.fresh.empty()) kept.fresh_since_ns = now_ns;
    const auto [entry, fresh] = kept.fresh.try_emplace(offset);
    const std::uint64_t before = fresh ? 0 : bytes_of(entry->second);
    entry->second = function;
    counts_.kept_bytes += bytes_of(function) - before;
    if (fresh) ++counts_.kept_names;
    insert_sorted(kept.known, offset);
  }
}

std::vector<std::uint64_t> NameKeeper::unknown(const std::string& content,
                                               std::span<const std::uint64_t> offsets,
                                               std::uint64_t now_ns) {
  std::unique_lock lock(mutex_);
  std::vector<std::uint64_t> out;
  std::ranges::set_difference(offsets, kept(lock, content, now_ns).known, std::back_inserter(out));
  return out;
}

std::optional<ImageNames> NameKeeper::stored(const std::string& content) {
  if (!archive_) return std::nullopt;
  const std::lock_guard lock(reading_);
  return archive_->load(content);
}

// What is there already is read without the lock.
NameKeeper::Kept& NameKeeper::kept(std::unique_lock<std::mutex>& lock, const std::string& content,
                                   std::uint64_t now_ns) {
  if (!kept_.contains(content)) {
    lock.unlock();
    const auto there = stored(content);
    lock.lock();
    const auto [entry, fresh] = kept_.try_emplace(content);
    if (fresh) entry->second.touched_ns = now_ns;
    if (fresh && there) entry->second.known = there->offsets();
  }
  Kept& kept = kept_.at(content);
  kept.used_ns = std::max(kept.used_ns, now_ns);
  return kept;
}

// Memory first: what is written meanwhile is in both.
ImageNames NameKeeper::names(const std::string& content) {
  std::map<std::uint64_t, StoredFunction> fresh;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(content); found != kept_.end()) fresh = found->second.fresh;
  }
  auto there = stored(content);
  ImageNames names = there ? std::move(*there) : ImageNames{};
  for (const auto& [offset, function] : fresh) names.add(offset, function);
  return names;
}

// One table that waits; those that nobody asks for leave the memory on the way.
std::optional<NameKeeper::Due> NameKeeper::next_due(std::uint64_t now_ns, bool all) {
  const std::lock_guard lock(mutex_);
  const bool had_problem = !problem_.empty();
  const bool tries = archive_ && (all || now_ns >= try_again_ns_);
  for (auto entry = kept_.begin(); entry != kept_.end();) {
    Kept& kept = entry->second;
    const bool is_due = !kept.fresh.empty() &&
                        (all || had_problem || now_ns >= kept.fresh_since_ns + write_after_ns_);
    if (is_due && tries) {
      kept.fresh_since_ns = now_ns;
      return Due{entry->first, kept.fresh};
    }
    entry = forget(kept, now_ns) ? kept_.erase(entry) : std::next(entry);
  }
  return std::nullopt;
}

// Holds mutex_.
bool NameKeeper::forget(Kept& kept, std::uint64_t now_ns) {
  if (now_ns < kept.used_ns + kForgetAfterNs) return false;
  if (kept.fresh.empty()) return true;
  if (counts_.kept_bytes <= kMaxBytes / 2) return false;
  for (const auto& [offset, function] : kept.fresh) counts_.kept_bytes -= bytes_of(function);
  counts_.kept_names -= kept.fresh.size();
  counts_.dropped += kept.fresh.size();
  return true;
}

// What has made room on the disk is not known any more: it is asked for again.
void NameKeeper::touch_used(std::uint64_t now_ns) {
  if (!archive_) return;
  std::vector<std::string> used;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [content, kept] : kept_) {
      if (kept.used_ns <= kept.touched_ns || now_ns < kept.touched_ns + kTouchAfterNs) continue;
      kept.touched_ns = now_ns;
      used.push_back(content);
    }
  }
  for (const std::string& content : used) {
    if (archive_->touch(content)) continue;
    const std::lock_guard lock(mutex_);
    Kept& kept = kept_.at(content);
    kept.known.clear();
    for (const auto& [offset, function] : kept.fresh) kept.known.push_back(offset);
  }
}

// False: the disk did not take it.
bool NameKeeper::store(const Due& due, std::uint64_t now_ns) {
  auto there = stored(due.content);
  ImageNames names = there ? std::move(*there) : ImageNames{};
  bool has_news = false;
  for (const auto& [offset, function] : due.fresh) has_news |= names.add(offset, function);
  if (!has_news) return true;
  const auto written = archive_->store(due.content, names);
  const std::lock_guard lock(mutex_);
  if (written) {
    problem_.clear();
    ++counts_.tables_written;
    return true;
  }
  const Error& why = written.error();
  if (why.code == ErrorCode::kResourceExhausted && why.sys_errno == 0) {
    counts_.dropped += due.fresh.size();
    return true;
  }
  problem_ = why.message;
  ++counts_.write_failures;
  try_again_ns_ = now_ns + kTryAgainAfterNs;
  return false;
}

// Names that changed meanwhile stay.
void NameKeeper::forget_stored(const Due& due) {
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_.at(due.content);  // with anything new in it, only this thread takes it out
  for (const auto& [offset, function] : due.fresh) {
    const auto entry = kept.fresh.find(offset);
    if (entry->second != function) continue;
    counts_.kept_bytes -= bytes_of(function);
    --counts_.kept_names;
    kept.fresh.erase(entry);
  }
}

NameKeeper::Written NameKeeper::write_one(std::uint64_t now_ns, bool all) {
  const auto due = next_due(now_ns, all);
  if (!due) {
    look_for_archive(now_ns);
    touch_used(now_ns);
    return Written::kNone;
  }
  if (!store(*due, now_ns)) return Written::kRefused;
  forget_stored(*due);
  return Written::kOne;
}

void NameKeeper::flush(std::uint64_t now_ns, bool all) {
  while (write_one(now_ns, all) == Written::kOne) {
  }
}

// Where nothing is left to be written, whether a problem is over.
void NameKeeper::look_for_archive(std::uint64_t now_ns) {
  {
    const std::lock_guard lock(mutex_);
    if (problem_.empty() || now_ns < try_again_ns_) return;
  }
  const auto found = archive_->check();
  const std::lock_guard lock(mutex_);
  problem_ = found ? "" : found.error().message;
  if (!found) try_again_ns_ = now_ns + kTryAgainAfterNs;
}

std::string NameKeeper::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void NameKeeper::drop_caches(std::uint64_t now_ns) {
  flush(now_ns, true);
  const std::lock_guard lock(mutex_);
  // Without an archive nothing would tell that it is known.
  if (archive_) std::erase_if(kept_, [](const auto& entry) { return entry.second.fresh.empty(); });
}

NameKeeperCounts NameKeeper::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace sonde
