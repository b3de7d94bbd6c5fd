// SPDX-License-Identifier: Apache-2.0
// Which processes exist and which code each has mapped: a scan at start, then events. A scan is
// newer than every event before it; a new mapping replaces what it overlaps.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/process/code_range.h"
#include "agent/process/copied_code.h"
#include "agent/process/image_registry.h"
#include "agent/process/proc_reader.h"
#include "agent/process/stale_code.h"
#include "core/model/process_event.h"

namespace sonde {

struct Process {
  std::uint32_t tgid = 0;
  std::uint64_t start_ticks = 0;
  std::string name;
  ImageId executable = ImageId::kNone;
  std::uint64_t scanned_ns = 0;    // mapping events before this are already in `ranges`
  bool in_exec = false;            // not scanned since its exec began: events alone made `ranges`
  std::uint32_t replacements = 0;  // how often code of it was replaced by other code
  // Sorted by begin, no overlap. Shared with the parent after a fork until either changes.
  std::shared_ptr<const std::vector<CodeRange>> ranges;
  // Mapped since, not in `ranges` yet: a process can have 100,000 of them, so those of one look
  // are put in at once. Sorted, no overlap. Empty in what find() and find_at() return.
  std::vector<CodeRange> fresh{};
};

// What the kernel tables must be told.
struct ProcessChange {
  enum class Kind : std::uint8_t { kRanges, kShared, kGone };
  Kind kind = Kind::kRanges;
  std::uint32_t tgid = 0;
  std::uint64_t start_ticks = 0;
  std::uint32_t parent_tgid = 0;         // kShared
  std::uint64_t parent_start_ticks = 0;  // kShared
};

struct ProcessTableCounts {
  std::uint64_t scans = 0;
  std::uint64_t gone_before_scan = 0;  // exited before its mappings could be read
  std::uint64_t not_permitted = 0;     // mappings of other users' processes refused
  std::uint64_t maps_lines_bad = 0;
};

// Thread-confined.
class ProcessTable {
 public:
  // stale   is told when code replaces other code.
  ProcessTable(const ProcReader& proc, ImageRegistry& images, StaleCode& stale)
      : proc_(proc), images_(images), stale_(stale), copies_(proc, images) {}

  // Reads every process of the host. errors: procfs cannot be listed.
  Result<void> scan_all();
  // Reads one process's mappings anew.
  void scan(std::uint32_t tgid);
  // Events after `certain_ns` were lost: reads every process anew and forgets those that are gone.
  // Code that was replaced may have been so since then. errors: procfs cannot be listed.
  Result<void> rescan_all(std::uint64_t certain_ns, std::uint64_t now_ns);

  // The old program's mappings are gone; mapping events bring the new one's.
  void on_exec_begin(const ExecEvent& event);
  // The new program is there: its mappings are read, unless it is gone already.
  void on_exec(std::uint32_t tgid, std::uint64_t time_ns);
  void on_fork(std::uint32_t parent, std::uint32_t child, std::uint64_t child_start_ticks,
               std::uint64_t time_ns);
  void on_exit(std::uint32_t tgid, std::uint64_t start_ticks, std::uint64_t time_ns);
  void on_rename(std::uint32_t tgid, std::string name);
  void on_mapping(const MappingEvent& event);

  // The process that now has this id, or null.
  [[nodiscard]] const Process* find(std::uint32_t tgid) const;
  // The process as it was at a time: before code of it was replaced, before it became another
  // program, before it exited. Null if it was not known, or is forgotten.
  [[nodiscard]] const Process* find_at(std::uint32_t tgid, std::uint64_t start_ticks,
                                       std::uint64_t time_ns) const;
  // Forgets what find_at() needs for times before `time_ns`.
  void forget_before(std::uint64_t time_ns);
  // The range of a process that holds `pc`, or null.
  [[nodiscard]] static const CodeRange* find_range(const Process& process, std::uint64_t pc);
  // Calls visit(ImageId) for every image that a process has, or had at a time that find_at() still
  // knows; several times for some. Cost: linear in all ranges.
  void for_each_image(const std::function<void(ImageId)>& visit) const;
  // Ids of every known process.
  [[nodiscard]] std::vector<std::uint32_t> all() const;

  // Changes since the last call, each process's latest state once, in order.
  std::vector<ProcessChange> take_changes();

  [[nodiscard]] const ProcessTableCounts& counts() const { return counts_; }
  [[nodiscard]] const CopiedCode& copies() const { return copies_; }

 private:
  CodeRange make_range(const MappingEvent& event, bool deleted);
  void rescan(std::uint32_t tgid, std::uint64_t certain_ns);
  void note_mapped(std::uint32_t tgid, ImageId image, std::uint64_t time_ns);
  void note_new_images(const Process& before, const Process& now);
  bool is_replaced_by(const Process& process, const CodeRange& range, std::uint64_t time_ns);
  void remember(const Process& process, std::uint64_t until_ns);
  // Anonymous code that is a copy of a file's, as that file's code; else what it was.
  [[nodiscard]] CodeRange as_original(const Process& process, const CodeRange& range);
  void look_for_copies(Process& process);
  static void settle(Process& process);
  void changed(const Process& process) { dirty_.insert(process.tgid); }

  const ProcReader& proc_;
  ImageRegistry& images_;
  StaleCode& stale_;
  CopiedCode copies_;
  mutable std::unordered_map<std::uint32_t, Process> processes_;  // by tgid; settled by find()
  struct Past {
    Process process;
    std::uint64_t until_ns = 0;
  };
  std::unordered_map<std::uint32_t, std::vector<Past>> past_;  // by tgid, in order of time
  struct Mapped {
    ImageId image = ImageId::kNone;
    std::uint64_t time_ns = 0;
  };
  std::unordered_map<std::uint32_t, std::vector<Mapped>> mapped_;  // by tgid: lately, each once
  std::vector<ProcessChange> ordered_;  // kShared and kGone, as they came
  std::set<std::uint32_t> dirty_;       // whose ranges changed
  ProcessTableCounts counts_;
};

// Puts `range` into a sorted list: cuts or removes what it overlaps, merges adjacent ranges that
// continue each other. Cost: what lies behind it is moved.
void insert_range(std::vector<CodeRange>& ranges, const CodeRange& range);
// The same for a sorted list of ranges. Cost: linear.
std::vector<CodeRange> overlay_ranges(std::span<const CodeRange> below,
                                      std::span<const CodeRange> above);

}  // namespace sonde
