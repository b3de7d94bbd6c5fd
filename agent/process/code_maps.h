// SPDX-License-Identifier: Apache-2.0
// Where processes say what code they made at run time: /tmp/perf-PID.map as their own mount and
// process id namespaces have it, and a jitdump that they mapped.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "agent/process/image_registry.h"
#include "agent/process/proc_reader.h"
#include "agent/process/process_table.h"
#include "core/base/fd.h"
#include "core/base/foreign_file.h"
#include "core/base/timed_calls.h"
#include "core/model/reason.h"

namespace sonde {

// Thread-confined.
class CodeMaps {
 public:
  // Processes that are known at once; each keeps two descriptors open.
  static constexpr std::size_t kMaxProcesses = 1024;

  CodeMaps(const ProcReader& proc, const ImageRegistry& images) : proc_(proc), images_(images) {}

  // A process runs code that it made: opens its map, or remembers its view of the file system, so
  // that a map is found when the process is gone: as long as its mount namespace lives if there is
  // none yet. Cost: a look-up; some system calls once a second until there is a map.
  void note(const Process& process);

  struct Files {
    std::vector<ForeignFile> fds;            // best first
    CodeReason problem = CodeReason::kNone;  // why there is no perf map
  };
  // Its files that exist now.
  [[nodiscard]] Files open(std::uint32_t tgid, std::uint64_t start_ticks, ImageId executable);
  // Forgets processes that did not run such code, and were not asked for, since `time_ns`.
  void forget_unused_since(std::uint64_t time_ns);
  // Calls visit(ImageId) for each image that a process dumps its code in.
  template <typename Visit>
  void for_each_image(const Visit& visit) const {
    for (const auto& [key, view] : views_) {
      visit(std::get<ImageId>(key));
      for (const ImageId dump : view.dumps) visit(dump);
    }
  }
  // Processes past kMaxProcesses (of them, the first 65,536).
  [[nodiscard]] std::uint64_t refused() const { return refused_.size(); }
  // Processes whose map was written before they began: one of an earlier process.
  [[nodiscard]] std::uint64_t stale() const { return stale_; }
  // Looks for a map that its file system did not answer in time.
  [[nodiscard]] std::uint64_t stuck() const { return calls_.given_up(); }

 private:
  // tgid, start ticks, executable: a program that replaces itself by an exec is another.
  using Key = std::tuple<std::uint32_t, std::uint64_t, ImageId>;
  struct View {
    std::shared_ptr<const UniqueFd> root;  // O_PATH; null: the process was gone
    TimedCalls::Server server;             // its user, in its mount namespace
    ForeignFile map;                       // as it was found first
    std::uint64_t looked_ns = 0;           // for the map, last
    std::uint64_t used_ns = 0;             // noted or opened, last
    std::uint32_t inner_id = 0;            // process id in its own namespace
    std::uint32_t owner = 0;               // user id of the process
    std::int64_t begin_s = 0;              // of the process, since the epoch
    bool is_stale = false;
    std::vector<ImageId> dumps;  // each once
  };
  struct FoundMap {
    ForeignFile fd;
    CodeReason problem = CodeReason::kNoCodeMap;
  };
  [[nodiscard]] View view_of(const Process& process);
  void find_dumps(const Process& process, View& view) const;
  [[nodiscard]] FoundMap open_map(const View& view);

  const ProcReader& proc_;
  const ImageRegistry& images_;
  std::map<Key, View> views_;
  std::set<Key> refused_;
  std::uint64_t stale_ = 0;
  TimedCalls calls_;
};

}  // namespace sonde
