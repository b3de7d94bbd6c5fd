// SPDX-License-Identifier: Apache-2.0
// The files whose code is mapped somewhere: each (device, inode) once, opened at first sight and
// kept open until it is released, so that it can be read after it was deleted or replaced and its
// inode cannot come back as another file.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "agent/process/proc_reader.h"
#include "core/base/fd.h"
#include "core/base/foreign_file.h"
#include "core/base/result.h"
#include "core/base/timed_calls.h"
#include "core/model/profile_window.h"

namespace sonde {

struct Image {
  std::string path;  // as its first process saw it
  ForeignFile fd;    // null: could not be opened, `problem` says why
  std::string problem;
  std::uint32_t pid = 0;     // of that first process; for debug files under its root
  std::uint64_t device = 0;  // dev_t
  bool deleted = false;
  bool is_elf = false;  // it begins as one
  std::uint64_t inode = 0;
};

// Thread-confined.
class ImageRegistry {
 public:
  // Where an image was seen.
  struct Sight {
    std::uint32_t pid = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint32_t device_major = 0;
    std::uint32_t device_minor = 0;
    std::uint64_t inode = 0;
    std::string path;
    bool deleted = false;
  };

  // vdso   a file with the vdso's bytes; empty if there is none.
  ImageRegistry(const ProcReader& proc, UniqueFd vdso);

  // The image of a mapping; a new one is opened. An image that could not be opened is tried again
  // at its next sight.
  ImageId intern(const Sight& sight);
  [[nodiscard]] ImageId vdso() const { return vdso_; }
  // Nobody knows this image any more: closes its file. Its number is given to another image once
  // nothing of `kReuseAfterNs` ago can still name it.
  void release(ImageId id, std::uint64_t now_ns);
  static constexpr std::uint64_t kReuseAfterNs = 600'000'000'000;

  [[nodiscard]] const Image& at(ImageId id) const { return images_[static_cast<std::size_t>(id)]; }
  // One more than the highest number.
  [[nodiscard]] std::size_t size() const { return images_.size(); }
  // Images that are not released, kNone apart.
  [[nodiscard]] std::size_t in_use() const { return images_.size() - 1 - released_.size(); }
  [[nodiscard]] std::uint64_t open_failures() const { return open_failures_; }
  // Of them, those whose file system did not answer in time.
  [[nodiscard]] std::uint64_t stuck() const { return calls_.given_up(); }

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>;  // major, minor, inode
  void open(Image& image, const Sight& sight);
  ImageId next_id();

  const ProcReader& proc_;
  std::vector<Image> images_;  // [0] is none
  std::map<Key, ImageId> by_key_;
  struct Released {
    ImageId id = ImageId::kNone;
    std::uint64_t time_ns = 0;
  };
  std::deque<Released> released_;  // oldest first
  ImageId vdso_ = ImageId::kNone;
  std::uint64_t open_failures_ = 0;
  TimedCalls calls_;
};

}  // namespace sonde
