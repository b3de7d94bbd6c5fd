// SPDX-License-Identifier: Apache-2.0
// What a window lacks when the session hands it on: what its files contain, and the names of its
// frames, kept for later. Asks the symbolizer, so it is no work for the session's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "agent/daemon/made_names.h"
#include "agent/engine/ended_window.h"
#include "agent/store/name_keeper.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// Thread-safe: one window at a time.
class WindowCompleter {
 public:
  // Processes whose made code is remembered: the one asked for longest ago makes room.
  static constexpr std::size_t kMaxMakers = 256;
  // Time for the perf maps of one window: they can be of any size.
  static constexpr std::uint64_t kMapsBudgetNs = 2'000'000'000;

  // All outlive this.
  WindowCompleter(NameKeeper& names, SymbolizerClient& symbolizer);

  // cost  once all names are known: a look at each file, some us.
  ClosedWindow complete(EndedWindow&& ended);

  // Gives memory back: of the symbolizer, and the names of code that processes made; they are asked
  // for again.
  void drop_caches();

  // From now on windows are kept without names that are not known yet, and what the symbolizer is
  // asked now is given up. Thread-safe, waits for no window.
  void hurry();
  // Names that were left out for it so far; each window has its own as a note (names_hurried).
  [[nodiscard]] std::uint64_t names_hurried() const { return names_hurried_; }

 private:
  struct Maker {
    explicit Maker(std::string whose) : names(std::move(whose)) {}
    MadeNames names;
    std::vector<std::uint64_t> map_bytes;  // of its files when they were asked last
    std::uint64_t used_ns = 0;
  };
  using MakerKey = std::tuple<std::uint32_t, std::uint64_t, std::string>;  // pid, start, image

  Result<FileInfo> describe(int fd);
  void complete_files(EndedWindow& ended);
  void count_hurried(ClosedWindow& window, const std::string& content,
                     const std::vector<std::uint64_t>& offsets);
  void complete_kernel(EndedWindow& ended);
  void complete_made_code(EndedWindow& ended);
  std::string name_made_code(const EndedWindow& ended, const MadeCodeMaps& maps, Maker& maker,
                             std::uint64_t latest_ns, std::uint64_t& over_budget);
  Maker& maker_of(const EndedWindow& ended, std::uint32_t process);

  NameKeeper& names_;
  SymbolizerClient& symbolizer_;
  std::atomic<bool> hurries_{false};
  std::atomic<std::uint64_t> names_hurried_{0};
  std::mutex mutex_;
  const std::uint64_t started_ns_;
  std::unique_ptr<MadeNames> kernel_;  // of one boot: made with the first window
  std::map<MakerKey, Maker> makers_;
};

}  // namespace sonde
