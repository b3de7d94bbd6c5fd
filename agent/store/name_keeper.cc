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
    } else {
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

NameKeeper::NameKeeper(std::optional<NameArchive> archive, SymbolizerClient& client)
    : archive_(std::move(archive)), client_(client) {
  if (archive_) look_for_archive();
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
  if (table) add(content, named_offsets(request.offsets, *table), now_ns);
}

void NameKeeper::add(const std::string& content, std::span<const NamedOffset> names,
                     std::uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  Kept& kept = this->kept(content, now_ns);
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
    kept.bytes += bytes_of(function) - before;
    counts_.kept_bytes += bytes_of(function) - before;
    insert_sorted(kept.known, offset);
  }
}

std::vector<std::uint64_t> NameKeeper::unknown(const std::string& content,
                                               std::span<const std::uint64_t> offsets,
                                               std::uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> out;
  std::ranges::set_difference(offsets, kept(content, now_ns).known, std::back_inserter(out));
  return out;
}

NameKeeper::Kept& NameKeeper::kept(const std::string& content, std::uint64_t now_ns) {
  const auto [entry, fresh] = kept_.try_emplace(content);
  Kept& kept = entry->second;
  kept.used_ns = std::max(kept.used_ns, now_ns);
  if (fresh && archive_) {
    if (const auto stored = archive_->load(content)) kept.known = stored->offsets();
  }
  return kept;
}

ImageNames NameKeeper::names(const std::string& content) {
  const std::lock_guard lock(mutex_);
  std::optional<ImageNames> stored;
  if (archive_) stored = archive_->load(content);
  ImageNames names = stored ? std::move(*stored) : ImageNames{};
  if (const auto found = kept_.find(content); found != kept_.end()) {
    for (const auto& [offset, function] : found->second.fresh) names.add(offset, function);
  }
  return names;
}

// False: the disk did not take it.
bool NameKeeper::write(const std::string& content, Kept& kept) {
  std::optional<ImageNames> stored = archive_->load(content);
  ImageNames names = stored ? std::move(*stored) : ImageNames{};
  for (const auto& [offset, function] : kept.fresh) names.add(offset, function);
  if (const auto written = archive_->store(content, names); !written) {
    problem_ = written.error().message;
    ++counts_.write_failures;
    return false;
  }
  problem_.clear();
  ++counts_.tables_written;
  counts_.kept_bytes -= kept.bytes;
  kept.bytes = 0;
  kept.fresh.clear();
  return true;
}

void NameKeeper::flush(std::uint64_t now_ns, bool all) {
  const std::lock_guard lock(mutex_);
  const bool had_problem = !problem_.empty();
  bool tries = archive_ && (all || now_ns >= try_again_ns_);
  std::size_t written = 0;
  for (auto entry = kept_.begin(); entry != kept_.end();) {
    Kept& kept = entry->second;
    const bool is_due = !kept.fresh.empty() &&
                        (all || had_problem || now_ns >= kept.fresh_since_ns + kWriteAfterNs);
    if (is_due && tries) {
      tries = write(entry->first, kept);
      written += tries ? 1U : 0U;
    }
    const bool forget = kept.fresh.empty() && now_ns >= kept.used_ns + kForgetAfterNs;
    entry = forget ? kept_.erase(entry) : std::next(entry);
  }
  if (had_problem && tries && written == 0) look_for_archive();
  if (!problem_.empty() && now_ns >= try_again_ns_) try_again_ns_ = now_ns + kTryAgainAfterNs;
}

void NameKeeper::look_for_archive() {
  const auto found = archive_->check();
  problem_ = found ? "" : found.error().message;
}

std::string NameKeeper::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

NameKeeperCounts NameKeeper::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace sonde
