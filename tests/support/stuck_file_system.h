// SPDX-License-Identifier: Apache-2.0
// A FUSE file system with one file, whose server stops answering when told: what a dead network
// file system, or one that its user holds still, looks like to the kernel. Needs root.
#pragma once

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/fd.h"

namespace sonde {

class StuckFileSystem {
 public:
  // Mounted on `dir`, which is made; the file is `dir`/`name`.
  StuckFileSystem(std::filesystem::path dir, std::string name, std::string content)
      : dir_(std::move(dir)), name_(std::move(name)), content_(std::move(content)) {
    std::filesystem::create_directories(dir_);
    device_ = UniqueFd(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    const std::string options =
        "fd=" + std::to_string(device_.get()) + ",rootmode=40000,user_id=0,group_id=0,allow_other";
    mounted_ = device_ && ::mount("test", dir_.c_str(), "fuse", MS_NOSUID, options.c_str()) == 0;
    if (mounted_) server_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  // What waits for an answer fails then.
  ~StuckFileSystem() {
    server_ = {};
    if (mounted_) ::umount2(dir_.c_str(), MNT_DETACH);
    device_.reset();
  }
  StuckFileSystem(const StuckFileSystem&) = delete;
  StuckFileSystem& operator=(const StuckFileSystem&) = delete;

  [[nodiscard]] bool is_mounted() const { return mounted_; }
  [[nodiscard]] std::string file() const { return dir_ / name_; }
  void stop_answering() { answers_ = false; }

 private:
  static constexpr std::uint64_t kFileNode = 2;

  void serve(const std::stop_token& stop) {
    std::vector<char> request(std::size_t{1} << 18U);
    while (!stop.stop_requested()) {
      pollfd ready{.fd = device_.get(), .events = POLLIN, .revents = 0};
      if (!answers_ || ::poll(&ready, 1, 10) <= 0) {
        if (!answers_) ::usleep(10'000);
        continue;
      }
      if (::read(device_.get(), request.data(), request.size()) > 0 && answers_) {
        answer(request.data());
      }
    }
  }

  void answer(const char* request) {
    fuse_in_header in{};
    std::memcpy(&in, request, sizeof(in));
    const char* body = request + sizeof(in);
    switch (in.opcode) {
      case FUSE_INIT: {
        fuse_init_out out{};
        out.major = FUSE_KERNEL_VERSION;
        out.minor = FUSE_KERNEL_MINOR_VERSION;
        out.max_write = 4096;
        return reply(in, 0, bytes_of(out));
      }
      case FUSE_LOOKUP: {
        if (name_ != body) return reply(in, -ENOENT, {});
        fuse_entry_out out{};  // valid for no time: asked again at each use
        out.nodeid = kFileNode;
        out.attr = attributes(kFileNode);
        return reply(in, 0, bytes_of(out));
      }
      case FUSE_GETATTR: {
        fuse_attr_out out{};
        out.attr = attributes(in.nodeid);
        return reply(in, 0, bytes_of(out));
      }
      case FUSE_OPEN:
        return reply(in, 0, bytes_of(fuse_open_out{}));
      case FUSE_READ: {
        fuse_read_in what{};
        std::memcpy(&what, body, sizeof(what));
        const std::size_t from = std::min<std::size_t>(what.offset, content_.size());
        return reply(in, 0, content_.substr(from, what.size));
      }
      case FUSE_STATFS:
        return reply(in, 0, bytes_of(fuse_statfs_out{}));
      case FUSE_FORGET:
      case FUSE_BATCH_FORGET:
      case FUSE_INTERRUPT:
        return;  // no answer is expected
      default:
        return reply(in, -ENOSYS, {});
    }
  }

  [[nodiscard]] fuse_attr attributes(std::uint64_t node) const {
    fuse_attr attr{};
    attr.ino = node;
    attr.nlink = 1;
    attr.mode = node == kFileNode ? S_IFREG | 0755U : S_IFDIR | 0755U;
    attr.size = node == kFileNode ? content_.size() : 0;
    attr.mtime = static_cast<std::uint64_t>(::time(nullptr));
    return attr;
  }

  template <typename T>
  static std::string bytes_of(const T& value) {
    return {reinterpret_cast<const char*>(&value), sizeof(value)};
  }

  void reply(const fuse_in_header& in, int error, const std::string& body) {
    fuse_out_header out{};
    out.len = static_cast<std::uint32_t>(sizeof(out) + body.size());
    out.error = error;
    out.unique = in.unique;
    const std::string whole = bytes_of(out) + body;
    (void)!::write(device_.get(), whole.data(), whole.size());
  }

  const std::filesystem::path dir_;
  const std::string name_, content_;
  UniqueFd device_;
  bool mounted_ = false;
  std::atomic<bool> answers_ = true;
  std::jthread server_;
};

}  // namespace sonde
