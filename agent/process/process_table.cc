// SPDX-License-Identifier: Apache-2.0
#include "agent/process/process_table.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "agent/process/maps_parser.h"
#include "core/base/clock.h"

namespace sonde {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::size_t kMostLately = 64;
constexpr std::uint64_t kLatelyNs = 1'000'000'000;

bool is_opaque(const std::string& path) { return path == "[vsyscall]" || path == "[uprobes]"; }

// Memory that several mappings can have, which the kernel shows as a file.
bool is_shared_memory(const std::string& path) {
  constexpr std::array kNames = {"/memfd:", "/dev/zero", "/anon_hugepage", "/SYSV"};
  return std::ranges::any_of(kNames, [&](const char* name) { return path.starts_with(name); });
}

MappingEvent event_of(const MapsEntry& entry, std::uint32_t tgid) {
  return MappingEvent{.time_ns = 0,
                      .pid = tgid,
                      .begin = entry.begin,
                      .bytes = entry.end - entry.begin,
                      .file_offset = entry.file_offset,
                      .device_major = entry.device_major,
                      .device_minor = entry.device_minor,
                      .inode = entry.inode,
                      .path = entry.path};
}

bool is_path_of(const MapsEntry& entry, std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (entry.deleted != path.ends_with(kDeleted)) return false;
  return path.substr(0, path.size() - (entry.deleted ? kDeleted.size() : 0)) == entry.path;
}

// True if `next` goes on where `last` ends, in the same code: one range then.
bool continues(const CodeRange& last, const CodeRange& next) {
  if (last.end != next.begin || last.kind != next.kind) return false;
  return next.kind == RangeKind::kAnonymous ||
         (next.kind == RangeKind::kImage && last.image == next.image &&
          last.file_offset + (last.end - last.begin) == next.file_offset);
}

// Appends to a list that is in order so far (as /proc/PID/maps is).
void append_range(std::vector<CodeRange>& ranges, const CodeRange& range) {
  if (!ranges.empty() && range.begin < ranges.back().end) {
    insert_range(ranges, range);  // torn read: the text changed under us
  } else if (!ranges.empty() && continues(ranges.back(), range)) {
    ranges.back().end = range.end;
  } else {
    ranges.push_back(range);
  }
}

// What of `range` lies before `end`, and what from `begin` on; either can be empty.
CodeRange head_of(CodeRange range, std::uint64_t end) {
  range.end = std::min(range.end, end);
  return range;
}
CodeRange tail_of(CodeRange range, std::uint64_t begin) {
  if (begin <= range.begin) return range;
  if (range.kind == RangeKind::kImage) range.file_offset += begin - range.begin;
  range.begin = begin;
  return range;
}

// The same bytes at the same addresses: a mapping that a scan had already seen.
bool is_same_code(const CodeRange& a, const CodeRange& b) {
  return a.kind == b.kind && a.image == b.image &&
         a.begin - a.file_offset == b.begin - b.file_offset;
}

}  // namespace

void insert_range(std::vector<CodeRange>& ranges, const CodeRange& range) {
  const auto first = std::ranges::upper_bound(ranges, range.begin, {}, &CodeRange::end);
  const auto last =
      std::lower_bound(first, ranges.end(), range.end,
                       [](const CodeRange& one, std::uint64_t end) { return one.begin < end; });
  std::vector<CodeRange> now;  // instead of [first, last)
  if (first != last && first->begin < range.begin) now.push_back(head_of(*first, range.begin));
  if (now.empty() && first != ranges.begin() && continues(*std::prev(first), range)) {
    std::prev(first)->end = range.end;
  } else {
    append_range(now, range);
  }
  if (first != last && std::prev(last)->end > range.end) {
    append_range(now, tail_of(*std::prev(last), range.end));
  }
  const auto at = ranges.insert(ranges.erase(first, last), now.begin(), now.end());
  const auto end = at + static_cast<std::ptrdiff_t>(now.size());
  if (end != ranges.begin() && end != ranges.end() && continues(*std::prev(end), *end)) {
    std::prev(end)->end = end->end;
    ranges.erase(end);
  }
}

std::vector<CodeRange> overlay_ranges(std::span<const CodeRange> below,
                                      std::span<const CodeRange> above) {
  std::vector<CodeRange> out;
  out.reserve(below.size() + above.size());
  std::size_t next = 0;
  for (const CodeRange& old : below) {
    std::uint64_t from = old.begin;  // what lies before is covered or taken
    for (; next < above.size() && above[next].begin < old.end; ++next) {
      if (from < above[next].begin) {
        append_range(out, head_of(tail_of(old, from), above[next].begin));
      }
      from = std::max(from, above[next].end);
      if (above[next].end > old.end) break;  // it covers part of the next one too
      append_range(out, above[next]);
    }
    if (from < old.end) append_range(out, tail_of(old, from));
  }
  for (; next < above.size(); ++next) append_range(out, above[next]);
  return out;
}

CodeRange ProcessTable::make_range(const MappingEvent& event, bool deleted) {
  CodeRange range{.begin = event.begin, .end = event.begin + event.bytes};
  if (event.path == "[vdso]" && images_.vdso() != ImageId::kNone) {
    range.image = images_.vdso();
  } else if (is_opaque(event.path)) {
    range.kind = RangeKind::kOpaque;
  } else if (event.path.starts_with("[uprobes-trampo")) {  // all that events keep of -trampoline]
    range.kind = RangeKind::kProbeCall;
  } else if (event.inode == 0) {
    range.kind = RangeKind::kAnonymous;
  } else {
    range.file_offset = event.file_offset;
    range.image = images_.intern({.pid = event.pid,
                                  .begin = event.begin,
                                  .end = range.end,
                                  .device_major = event.device_major,
                                  .device_minor = event.device_minor,
                                  .inode = event.inode,
                                  .path = event.path,
                                  .deleted = deleted});
    // JIT compilers that write code at one address and run it at another share the memory so.
    if (is_shared_memory(event.path) && !images_.at(range.image).is_elf) {
      range = {.begin = range.begin, .end = range.end, .kind = RangeKind::kAnonymous};
    }
  }
  return range;
}

Result<void> ProcessTable::scan_all() {
  const auto pids = proc_.processes();
  if (!pids) return pids.error();
  for (const std::uint32_t pid : *pids) scan(pid);
  return {};
}

Result<void> ProcessTable::rescan_all(std::uint64_t certain_ns, std::uint64_t now_ns) {
  const auto pids = proc_.processes();
  if (!pids) return pids.error();
  const std::set<std::uint32_t> alive(pids->begin(), pids->end());
  for (const std::uint32_t tgid : all()) {
    if (alive.count(tgid) == 0) on_exit(tgid, processes_.at(tgid).start_ticks, now_ns);
  }
  for (const std::uint32_t pid : alive) rescan(pid, certain_ns);
  return {};
}

void ProcessTable::rescan(std::uint32_t tgid, std::uint64_t certain_ns) {
  const Process* known = find(tgid);
  if (known == nullptr) return scan(tgid);
  const Process before = *known;
  scan(tgid);
  Process& now = processes_.at(tgid);
  if (now.start_ticks != before.start_ticks) {  // it ended, and another has its id
    ordered_.push_back(
        {.kind = ProcessChange::Kind::kGone, .tgid = tgid, .start_ticks = before.start_ticks});
    return remember(before, certain_ns);
  }
  bool replaced = false;
  for (const CodeRange& range : *now.ranges) replaced |= is_replaced_by(before, range, certain_ns);
  // Libraries that come and go can have done so unseen and be back; the program itself does not.
  if (const auto lately = mapped_.find(tgid); lately != mapped_.end()) {
    for (const Mapped& one : lately->second) {
      if (one.image != ImageId::kNone && one.image == now.executable) continue;
      if (one.time_ns + kLatelyNs > certain_ns) stale_.add(tgid, certain_ns, one.image);
    }
  }
  note_new_images(before, now);
  if (!replaced) return;
  remember(before, certain_ns);
  ++now.replacements;
}

// Their mapping events are among those that were lost.
void ProcessTable::note_new_images(const Process& before, const Process& now) {
  std::set<ImageId> known{ImageId::kNone};
  for (const CodeRange& range : *before.ranges) known.insert(range.image);
  for (const CodeRange& range : *now.ranges) {
    if (known.insert(range.image).second) note_mapped(now.tgid, range.image, now.scanned_ns);
  }
}

void ProcessTable::scan(std::uint32_t tgid) {
  ++counts_.scans;
  Process process;
  process.tgid = tgid;
  process.scanned_ns = monotonic_ns();
  const auto stat = proc_.stat(tgid);
  if (!stat) {
    ++counts_.gone_before_scan;
    return;
  }
  if (stat->kernel_thread) return;
  process.start_ticks = stat->start_ticks;
  process.name = stat->comm;
  const auto text = proc_.maps(tgid);
  if (!text) {
    const bool denied = text.error().code == ErrorCode::kPermissionDenied;
    ++(denied ? counts_.not_permitted : counts_.gone_before_scan);
    return;
  }
  const auto program = proc_.executable_path(tgid);
  auto ranges = std::make_shared<std::vector<CodeRange>>();
  counts_.maps_lines_bad += parse_executable_maps(*text, [&](MapsEntry&& entry) {
    const CodeRange range = make_range(event_of(entry, tgid), entry.deleted);
    if (program && entry.inode != 0 && is_path_of(entry, *program)) {
      process.executable = range.image;
    }
    append_range(*ranges, range);
  });
  process.ranges = std::move(ranges);
  look_for_copies(process);
  if (const auto known = processes_.find(tgid);
      known != processes_.end() && known->second.start_ticks == process.start_ticks) {
    process.replacements = known->second.replacements;
  }
  changed(process);
  processes_.insert_or_assign(tgid, std::move(process));
}

CodeRange ProcessTable::as_original(const Process& process, const CodeRange& range) {
  if (range.kind != RangeKind::kAnonymous) return range;
  for (const std::span<const CodeRange> ranges :
       {std::span<const CodeRange>(*process.ranges), std::span<const CodeRange>(process.fresh)}) {
    if (const auto here = copies_.original_of(process.tgid, ranges, range)) {
      return *here;
    }
  }
  // The memory may have been made code in more than one step: what was there before.
  if (const auto past = past_.find(process.tgid); past != past_.end()) {
    const Process& before = past->second.back().process;
    if (before.start_ticks == process.start_ticks) {
      const auto there = copies_.original_of(process.tgid, *before.ranges, range);
      if (there) return *there;
    }
  }
  return range;
}

void ProcessTable::look_for_copies(Process& process) {
  auto ranges = std::make_shared<std::vector<CodeRange>>();
  for (const CodeRange& range : *process.ranges) {
    append_range(*ranges, as_original(process, range));
  }
  process.ranges = std::move(ranges);
}

void ProcessTable::settle(Process& process) {
  if (process.fresh.empty()) return;
  process.ranges = std::make_shared<const std::vector<CodeRange>>(
      overlay_ranges(*process.ranges, std::exchange(process.fresh, {})));
}

void ProcessTable::remember(const Process& process, std::uint64_t until_ns) {
  past_[process.tgid].push_back({process, until_ns});
}

void ProcessTable::on_exec_begin(const ExecEvent& event) {
  const auto known = processes_.find(event.pid);
  if (known == processes_.end() || known->second.scanned_ns > event.time_ns) return;
  Process& process = known->second;
  settle(process);
  remember(process, event.time_ns);
  stale_.add(event.pid, event.time_ns, ImageId::kNone);
  ++process.replacements;
  process.ranges = std::make_shared<const std::vector<CodeRange>>();
  process.executable = ImageId::kNone;
  process.scanned_ns = event.time_ns;
  process.in_exec = true;
  changed(process);
}

void ProcessTable::on_exec(std::uint32_t tgid, std::uint64_t time_ns) {
  const auto known = processes_.find(tgid);
  if (known != processes_.end() && known->second.scanned_ns > time_ns) return;
  stale_.add(tgid, time_ns, ImageId::kNone);
  scan(tgid);
}

void ProcessTable::on_fork(std::uint32_t parent, std::uint32_t child,
                           std::uint64_t child_start_ticks, std::uint64_t time_ns) {
  const auto from = processes_.find(parent);
  if (from == processes_.end()) {
    scan(child);
    return;
  }
  if (const auto known = processes_.find(child);
      known != processes_.end() && known->second.start_ticks == child_start_ticks) {
    return;  // scanned meanwhile
  }
  settle(from->second);
  Process copy = from->second;
  copy.tgid = child;
  copy.start_ticks = child_start_ticks;
  // Not the parent's: that can be later than what the child did since, an exec above all.
  copy.scanned_ns = time_ns;
  ordered_.push_back({.kind = ProcessChange::Kind::kShared,
                      .tgid = child,
                      .start_ticks = child_start_ticks,
                      .parent_tgid = parent,
                      .parent_start_ticks = from->second.start_ticks});
  processes_.insert_or_assign(child, std::move(copy));
  // The parent's latest ranges may not be in the kernel's table yet: then sharing is not enough.
  if (dirty_.count(parent) > 0) {
    dirty_.insert(child);
  } else {
    dirty_.erase(child);
  }
}

void ProcessTable::on_exit(std::uint32_t tgid, std::uint64_t start_ticks, std::uint64_t time_ns) {
  const auto known = processes_.find(tgid);
  if (known == processes_.end() || known->second.start_ticks != start_ticks) return;
  ordered_.push_back(
      {.kind = ProcessChange::Kind::kGone, .tgid = tgid, .start_ticks = start_ticks});
  dirty_.erase(tgid);
  mapped_.erase(tgid);
  settle(known->second);
  remember(known->second, time_ns);
  processes_.erase(known);
}

void ProcessTable::on_rename(std::uint32_t tgid, std::string name) {
  if (const auto known = processes_.find(tgid); known != processes_.end()) {
    known->second.name = std::move(name);
  }
}

// True if code of a file gives way to other code; the stale code is told then.
bool ProcessTable::is_replaced_by(const Process& process, const CodeRange& range,
                                  std::uint64_t time_ns) {
  bool replaced = false;
  for (const std::span<const CodeRange> ranges :
       {std::span<const CodeRange>(*process.ranges), std::span<const CodeRange>(process.fresh)}) {
    auto old = std::ranges::upper_bound(ranges, range.begin, {}, &CodeRange::end);
    for (; old != ranges.end() && old->begin < range.end; ++old) {
      if (old->kind != RangeKind::kImage || is_same_code(*old, range)) continue;
      stale_.add(process.tgid, time_ns, old->image);
      replaced = true;
    }
  }
  return replaced;
}

// More than kMostLately files within a second: any file may be one of them (kNone).
void ProcessTable::note_mapped(std::uint32_t tgid, ImageId image, std::uint64_t time_ns) {
  std::vector<Mapped>& lately = mapped_[tgid];
  const auto same = std::ranges::find(lately, image, &Mapped::image);
  if (same != lately.end()) {
    same->time_ns = time_ns;
    return;
  }
  std::erase_if(lately, [&](const Mapped& one) { return one.time_ns + kLatelyNs < time_ns; });
  const bool fits = lately.size() < kMostLately;
  if (fits || lately.back().image != ImageId::kNone) {
    lately.push_back({.image = fits ? image : ImageId::kNone, .time_ns = time_ns});
  } else {
    lately.back().time_ns = time_ns;
  }
}

void ProcessTable::on_mapping(const MappingEvent& event) {
  const auto known = processes_.find(event.pid);
  if (known == processes_.end()) {
    scan(event.pid);
    return;
  }
  Process& process = known->second;
  if (event.time_ns <= process.scanned_ns) return;
  if (event.bytes == 0 || event.bytes % kPageBytes != 0 || event.begin % kPageBytes != 0 ||
      event.begin + event.bytes < event.begin) {
    return;
  }
  const CodeRange range = as_original(process, make_range(event, false));
  if (is_replaced_by(process, range, event.time_ns)) {
    settle(process);
    remember(process, event.time_ns);
    ++process.replacements;
  }
  insert_range(process.fresh, range);
  if (range.kind == RangeKind::kImage) note_mapped(event.pid, range.image, event.time_ns);
  // The kernel maps the program itself first, then its loader.
  if (process.in_exec && process.executable == ImageId::kNone && range.kind == RangeKind::kImage) {
    process.executable = range.image;
  }
  changed(process);
}

const Process* ProcessTable::find(std::uint32_t tgid) const {
  const auto known = processes_.find(tgid);
  if (known == processes_.end()) return nullptr;
  settle(known->second);
  return &known->second;
}

const Process* ProcessTable::find_at(std::uint32_t tgid, std::uint64_t start_ticks,
                                     std::uint64_t time_ns) const {
  if (const auto past = past_.find(tgid); past != past_.end()) {
    for (const Past& one : past->second) {
      if (one.until_ns >= time_ns && one.process.start_ticks == start_ticks) return &one.process;
    }
  }
  const Process* process = find(tgid);
  return process != nullptr && process->start_ticks == start_ticks ? process : nullptr;
}

void ProcessTable::forget_before(std::uint64_t time_ns) {
  for (auto entry = past_.begin(); entry != past_.end();) {
    std::erase_if(entry->second, [time_ns](const Past& one) { return one.until_ns < time_ns; });
    entry = entry->second.empty() ? past_.erase(entry) : std::next(entry);
  }
}

const CodeRange* ProcessTable::find_range(const Process& process, std::uint64_t pc) {
  const auto& ranges = *process.ranges;
  const auto above =
      std::upper_bound(ranges.begin(), ranges.end(), pc,
                       [](std::uint64_t at, const CodeRange& range) { return at < range.begin; });
  if (above == ranges.begin()) return nullptr;
  const CodeRange& range = *std::prev(above);
  return pc < range.end ? &range : nullptr;
}

void ProcessTable::for_each_image(const std::function<void(ImageId)>& visit) const {
  std::unordered_set<const std::vector<CodeRange>*> seen;  // forked processes share them
  const auto visit_process = [&](const Process& process) {
    visit(process.executable);
    for (const CodeRange& range : process.fresh) visit(range.image);
    if (!process.ranges || !seen.insert(process.ranges.get()).second) return;
    for (const CodeRange& range : *process.ranges) visit(range.image);
  };
  for (const auto& [tgid, process] : processes_) visit_process(process);
  for (const auto& [tgid, states] : past_) {
    for (const Past& past : states) visit_process(past.process);
  }
  for (const auto& [tgid, mapped] : mapped_) {
    for (const Mapped& one : mapped) visit(one.image);
  }
}

std::vector<std::uint32_t> ProcessTable::all() const {
  std::vector<std::uint32_t> ids;
  ids.reserve(processes_.size());
  for (const auto& [tgid, process] : processes_) ids.push_back(tgid);
  return ids;
}

std::vector<ProcessChange> ProcessTable::take_changes() {
  std::vector<ProcessChange> changes = std::exchange(ordered_, {});
  for (const std::uint32_t tgid : std::exchange(dirty_, {})) {
    if (const Process* process = find(tgid)) {
      changes.push_back({.kind = ProcessChange::Kind::kRanges,
                         .tgid = tgid,
                         .start_ticks = process->start_ticks});
    }
  }
  return changes;
}

}  // namespace sonde
