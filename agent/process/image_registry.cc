// SPDX-License-Identifier: Apache-2.0
#include "agent/process/image_registry.h"

#include <elf.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "core/base/clock.h"

namespace sonde {
namespace {

bool begins_as_elf(const UniqueFd& fd) {
  std::array<char, SELFMAG> magic{};
  return ::pread(fd.get(), magic.data(), SELFMAG, 0) == SELFMAG &&
         std::memcmp(magic.data(), ELFMAG, SELFMAG) == 0;
}

struct Opened {
  Result<ForeignFile> fd;
  bool is_elf = false;
};

Opened open_somewhere(const ProcReader& proc, const ImageRegistry::Sight& sight) {
  auto fd = proc.open_mapped(sight.pid, sight.begin, sight.end, sight.path, sight.inode);
  if (!fd) {  // the process may be gone already; its file is often still there
    auto same = ProcReader::open_by_identity(sight.path, sight.device_major, sight.device_minor,
                                             sight.inode);
    if (same) fd = std::move(same);
  }
  if (!fd) return {.fd = fd.error()};
  const bool is_elf = begins_as_elf(*fd);
  return {.fd = adopt_foreign(std::move(*fd)), .is_elf = is_elf};
}

}  // namespace

ImageRegistry::ImageRegistry(const ProcReader& proc, UniqueFd vdso) : proc_(proc), images_(1) {
  if (!vdso) return;
  vdso_ = static_cast<ImageId>(images_.size());
  images_.push_back(Image{.path = "[vdso]", .fd = adopt_foreign(std::move(vdso)), .problem = {}});
}

void ImageRegistry::open(Image& image, const Sight& sight) {
  auto opened = calls_.run<Opened>({.id = image.device, .user = proc_.owner(sight.pid)},
                                   [proc = proc_, sight] { return open_somewhere(proc, sight); });
  if (!opened) {
    opened.emplace(Opened{.fd = Error{ErrorCode::kDeadlineExceeded,
                                      sight.path + ": its file system does not answer"}});
  }
  if (opened->fd) {
    image.fd = std::move(*opened->fd);
    image.problem.clear();
    image.is_elf = opened->is_elf;
  } else {
    image.problem = opened->fd.error().message;
    ++open_failures_;
  }
}

ImageId ImageRegistry::next_id() {
  if (!released_.empty() && monotonic_ns() >= released_.front().time_ns + kReuseAfterNs) {
    const ImageId id = released_.front().id;
    released_.pop_front();
    return id;
  }
  images_.emplace_back();
  return static_cast<ImageId>(images_.size() - 1);
}

void ImageRegistry::release(ImageId id, std::uint64_t now_ns) {
  Image& image = images_[static_cast<std::size_t>(id)];
  by_key_.erase(Key{major(image.device), minor(image.device), image.inode});
  image = Image{};
  released_.push_back({id, now_ns});
}

ImageId ImageRegistry::intern(const Sight& sight) {
  const auto [entry, fresh] =
      by_key_.try_emplace(Key{sight.device_major, sight.device_minor, sight.inode}, ImageId::kNone);
  if (fresh) {
    entry->second = next_id();
    images_[static_cast<std::size_t>(entry->second)] =
        Image{.path = sight.path,
              .fd = {},
              .problem = {},
              .pid = sight.pid,
              .device = makedev(sight.device_major, sight.device_minor),
              .deleted = sight.deleted,
              .inode = sight.inode};
  }
  Image& image = images_[static_cast<std::size_t>(entry->second)];
  if (!image.fd) open(image, sight);
  return entry->second;
}

}  // namespace sonde
