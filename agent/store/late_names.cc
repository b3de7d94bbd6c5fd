// SPDX-License-Identifier: Apache-2.0
#include "agent/store/late_names.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "agent/store/image_content.h"

namespace sonde {
namespace {

// Only a regular file is opened: opening a device may already do something.
ForeignFile open_regular(const std::string& path) {
  const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0 || !S_ISREG(status.st_mode)) return nullptr;
  const std::string same = "/proc/self/fd/" + std::to_string(place.get());
  return adopt_foreign(UniqueFd(::open(same.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)));
}

}  // namespace

bool LateNames::ask(const ImageIdentity& image, std::span<const std::uint64_t> offsets,
                    std::uint64_t now_ns) {
  const bool has_place = !image.deleted && image.path.starts_with('/');
  if (!has_place || image.content.empty() || !is_due(image.content, now_ns)) return false;
  const ForeignFile file = open(image.path);
  if (!file) return false;
  const auto info = client_.describe(file->get());
  if (!info) return false;
  const auto content = image_content(file->get(), *info);
  if (!content || *content != image.content) return false;
  NameRequest request;
  request.fd = file->get();
  request.offsets = offsets;
  request.path = image.path;
  keeper_.name_again(image.content, request, now_ns);
  return true;
}

bool LateNames::is_due(const std::string& content, std::uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto [entry, fresh] = asked_.try_emplace(content, now_ns);
  if (!fresh && now_ns < entry->second + kAgainAfterNs) return false;
  entry->second = now_ns;
  if (asked_.size() > kMaxRemembered) {
    asked_.erase(std::ranges::min_element(asked_, {}, [](const auto& one) { return one.second; }));
  }
  return true;
}

ForeignFile LateNames::open(const std::string& path) {
  const std::lock_guard lock(calls_mutex_);
  // One place for all of them: paths are the host's.
  const auto file = calls_.run<ForeignFile>({}, [path] { return open_regular(path); });
  return file ? *file : nullptr;
}

}  // namespace sonde
