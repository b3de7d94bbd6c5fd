// SPDX-License-Identifier: Apache-2.0
// Asks for the unwind rows of images in a thread of its own, so that a large file never holds up
// the rings. Images that a sample asked for come first.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "core/model/profile_window.h"
#include "core/model/row_table.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

struct LoadedRows {
  ImageId image = ImageId::kNone;
  Result<RowTable> rows;
};

// Thread-safe. One worker thread; the destructor waits half a second for a request under way, then
// interrupts it.
class RowLoader {
 public:
  // client   thread-safe, outlives this.
  explicit RowLoader(SymbolizerClient& client);
  ~RowLoader();
  RowLoader(const RowLoader&) = delete;
  RowLoader& operator=(const RowLoader&) = delete;

  // fd   stays open until the answer was taken. An image is asked for once.
  void request(ImageId image, int fd);
  // Moves a waiting image to the front.
  void demand(ImageId image);
  // Forgets a waiting image. False: its rows are being read, or wait to be taken.
  bool cancel(ImageId image);
  // Answers so far, in order. Never blocks.
  std::vector<LoadedRows> take();
  // Readable while answers wait: for epoll(7).
  [[nodiscard]] int wake_fd() const { return wake_.get(); }
  // No request waits or is under way.
  [[nodiscard]] bool idle() const;

 private:
  struct Request {
    ImageId image;
    int fd;
  };
  void run(const std::stop_token& stop);
  bool wait_for_request(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);

  SymbolizerClient& client_;
  UniqueFd wake_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Request> requests_;
  std::vector<LoadedRows> answers_;
  ImageId reading_ = ImageId::kNone;
  bool used_memory_ = false;
  bool ended_ = false;
  std::jthread thread_;  // last: starts when everything else is there
};

}  // namespace sonde
