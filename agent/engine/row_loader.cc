// SPDX-License-Identifier: Apache-2.0
#include "agent/engine/row_loader.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sonde {
namespace {

constexpr std::chrono::milliseconds kQuiet{500};
constexpr std::chrono::milliseconds kPatience{500};
constexpr std::chrono::milliseconds kBetweenInterrupts{50};  // one may come before its request

}  // namespace

RowLoader::RowLoader(SymbolizerClient& client)
    : client_(client),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this](const std::stop_token& stop) {
        run(stop);
        const std::lock_guard lock(mutex_);
        ended_ = true;
        changed_.notify_all();
      }) {
  ::pthread_setname_np(thread_.native_handle(), "sonde-rows");
}

RowLoader::~RowLoader() {
  thread_.request_stop();
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return ended_; };
  bool done = changed_.wait_for(lock, kPatience, ended);
  while (!done) {
    client_.interrupt(thread_.get_id());
    done = changed_.wait_for(lock, kBetweenInterrupts, ended);
  }
}

void RowLoader::request(ImageId image, int fd) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back({image, fd});
  }
  changed_.notify_one();
}

void RowLoader::demand(ImageId image) {
  const std::lock_guard lock(mutex_);
  const auto waiting = std::ranges::find(requests_, image, &Request::image);
  if (waiting == requests_.end()) return;
  const Request request = *waiting;
  requests_.erase(waiting);
  requests_.push_front(request);
}

bool RowLoader::cancel(ImageId image) {
  const std::lock_guard lock(mutex_);
  std::erase_if(requests_, [&](const Request& request) { return request.image == image; });
  return reading_ != image &&
         std::ranges::find(answers_, image, &LoadedRows::image) == answers_.end();
}

std::vector<LoadedRows> RowLoader::take() {
  std::uint64_t ignored = 0;
  (void)!::read(wake_.get(), &ignored, sizeof(ignored));
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

bool RowLoader::idle() const {
  const std::lock_guard lock(mutex_);
  return requests_.empty() && reading_ == ImageId::kNone;
}

// False: to stop. Once nothing was asked for a while, the memory of large tables, of which the
// kernel has its own copy by then, is given back as far as glibc has kept it.
bool RowLoader::wait_for_request(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  const auto asked = [this] { return !requests_.empty(); };
  if (used_memory_ && !changed_.wait_for(lock, stop, kQuiet, asked) && !stop.stop_requested()) {
    used_memory_ = false;
    lock.unlock();
    ::malloc_trim(0);
    lock.lock();
  }
  return changed_.wait(lock, stop, asked);
}

void RowLoader::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    Request request{};
    {
      std::unique_lock lock(mutex_);
      if (!wait_for_request(lock, stop)) return;
      request = requests_.front();
      requests_.pop_front();
      reading_ = request.image;
      used_memory_ = true;
    }
    LoadedRows answer{request.image, client_.rows(request.fd)};
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
    reading_ = ImageId::kNone;
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof(one));
  }
}

}  // namespace sonde
