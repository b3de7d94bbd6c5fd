// SPDX-License-Identifier: Apache-2.0
// Small real disks in a mount namespace of the test process, gone with it: what fills up, becomes
// read-only or fails here fails for nobody else. Needs root.
#pragma once

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

#include "core/base/fd.h"

namespace sonde {

// Mounts of this process are its own from here on. False: not permitted.
inline bool enter_own_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

// A tmpfs of a few MiB over a directory.
class SmallTmpfs {
 public:
  SmallTmpfs(std::filesystem::path at, unsigned kib) : at_(std::move(at)) {
    std::filesystem::create_directories(at_);
    ok_ = ::mount("none", at_.c_str(), "tmpfs", 0, size(kib).c_str()) == 0;
  }
  ~SmallTmpfs() { ::umount2(at_.c_str(), MNT_DETACH); }
  SmallTmpfs(const SmallTmpfs&) = delete;
  SmallTmpfs& operator=(const SmallTmpfs&) = delete;

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] const std::filesystem::path& path() const { return at_; }
  bool resize(unsigned kib) {
    return ::mount("none", at_.c_str(), nullptr, MS_REMOUNT, size(kib).c_str()) == 0;
  }
  // Refused by the kernel while a file is open for writing.
  bool set_read_only(bool read_only) {
    unsigned long flags = MS_REMOUNT;
    if (read_only) flags |= MS_RDONLY;
    return ::mount("none", at_.c_str(), nullptr, flags, nullptr) == 0;
  }

 private:
  static std::string size(unsigned kib) { return "size=" + std::to_string(kib) + "k,mode=0700"; }
  std::filesystem::path at_;
  bool ok_ = false;
};

// An ext2 or ext4 file system on a loop device over a file. Where the file's own disk is full,
// space that this one promised is not there when it is written out.
class LoopDisk {
 public:
  LoopDisk(const std::filesystem::path& file, std::filesystem::path at, std::string type,
           unsigned mib)
      : at_(std::move(at)), type_(std::move(type)) {
    std::filesystem::create_directories(at_);
    UniqueFd backing(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    const UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    if (!backing || !control || ::ftruncate(backing.get(), off_t{mib} << 20) != 0) return;
    const std::string make = "mkfs." + type_ + " -q -F " + file.string();
    if (std::system(make.c_str()) != 0) return;  // NOLINT(concurrency-mt-unsafe)
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return;
    name_ = "/dev/loop" + std::to_string(number);
    device_.reset(::open(name_.c_str(), O_RDWR | O_CLOEXEC));
    if (!device_ || ::ioctl(device_.get(), LOOP_SET_FD, backing.get()) != 0) return;
    loop_info64 info{};
    info.lo_flags = LO_FLAGS_AUTOCLEAR;  // detached with its last user
    ok_ = ::ioctl(device_.get(), LOOP_SET_STATUS64, &info) == 0 &&
          ::mount(name_.c_str(), at_.c_str(), type_.c_str(), 0, nullptr) == 0;
  }
  ~LoopDisk() { ::umount2(at_.c_str(), MNT_DETACH); }
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] const std::filesystem::path& path() const { return at_; }
  // ext4 only: from now on it is read-only, as after an error that it found on the disk.
  bool become_read_only() {
    return ::mount("none", at_.c_str(), nullptr, MS_REMOUNT, "abort") == 0;
  }
  // ext4 only: from now on everything fails with EIO, as on a disk that was pulled out.
  [[nodiscard]] bool fail() const {
    constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);  // EXT4_IOC_SHUTDOWN
    std::uint32_t without_flushing = 2;
    const UniqueFd root(::open(at_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return ::ioctl(root.get(), kShutdown, &without_flushing) == 0;
  }
  // From now on whoever writes waits, as for a disk that hangs; until thaw().
  [[nodiscard]] bool freeze() const { return frozen(FIFREEZE); }
  [[nodiscard]] bool thaw() const { return frozen(FITHAW); }
  // Ends fail(). Nothing on it may be open.
  bool repair() {
    return ::umount2(at_.c_str(), 0) == 0 &&
           ::mount(name_.c_str(), at_.c_str(), type_.c_str(), 0, nullptr) == 0;
  }

 private:
  [[nodiscard]] bool frozen(unsigned long request) const {
    const UniqueFd root(::open(at_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return ::ioctl(root.get(), request, 0) == 0;
  }

  std::filesystem::path at_;
  std::string type_;
  std::string name_;
  UniqueFd device_;
  bool ok_ = false;
};

}  // namespace sonde
