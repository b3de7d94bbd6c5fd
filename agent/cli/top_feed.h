// SPDX-License-Identifier: Apache-2.0
// Windows of the session -> named windows, on a thread of its own: the session never waits for
// names.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "agent/cli/top_table.h"
#include "agent/engine/ended_window.h"
#include "agent/engine/window_namer.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// Thread-safe.
class TopFeed {
 public:
  using Sink = std::function<void(std::shared_ptr<const TopWindow>)>;

  // client    outlives this.
  // least_ns  windows that are shorter are left out: that of the start, and where the clock was
  // set. sink      is called by the feed's thread.
  TopFeed(SymbolizerClient& client, std::uint64_t least_ns, Sink sink);
  ~TopFeed();  // gives up names that are being looked up
  TopFeed(const TopFeed&) = delete;
  TopFeed& operator=(const TopFeed&) = delete;

  // Returns at once. One window waits at most: a newer one takes its place, which the next named
  // one counts (note `windows_left_out`, since the start).
  void take(EndedWindow&& window);

 private:
  void run();
  void name(const EndedWindow& window, std::uint64_t left_out);

  SymbolizerClient& client_;
  const std::uint64_t least_ns_;
  const Sink sink_;
  WindowNamer namer_;
  std::vector<std::uint32_t> own_pids_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<EndedWindow> waiting_;
  std::uint64_t left_out_ = 0;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace sonde
