// SPDX-License-Identifier: Apache-2.0
#include "agent/store/late_names.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "agent/store/image_content.h"
#include "symbolizer/client/debug_files.h"

namespace sonde {

bool LateNames::ask(const ImageIdentity& image, std::span<const std::uint32_t> pids,
                    std::span<const std::uint64_t> offsets, std::uint64_t now_ns) {
  const bool has_place = !image.deleted && image.path.starts_with('/');
  if (!has_place || image.content.empty() || !is_due(image.content, now_ns)) return false;
  bool asked = ask_below("", 0, image, offsets, now_ns);
  for (std::size_t i = 0; i < pids.size() && !asked; ++i) {
    const std::string process = proc_ + "/" + std::to_string(pids[i]);
    struct stat status {};  // of the process: it lives, and whose it is
    if (::stat(process.c_str(), &status) != 0) continue;
    asked = ask_below(process + "/root", status.st_uid, image, offsets, now_ns);
  }
  return asked;
}

// root  of the process that may have it; empty: the host's.
bool LateNames::ask_below(const std::string& root, std::uint32_t user, const ImageIdentity& image,
                          std::span<const std::uint64_t> offsets, std::uint64_t now_ns) {
  const ForeignFile file = open(root, user, image.path);
  if (!file) return false;
  const auto info = client_.describe(file->get());
  if (!info) return false;
  const auto content = image_content(file->get(), *info);
  if (!content || *content != image.content) return false;
  NameRequest request;
  request.fd = file->get();
  request.offsets = offsets;
  request.root = root;
  request.path = image.path;
  request.user = user;
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

ForeignFile LateNames::open(const std::string& root, std::uint32_t user, const std::string& path) {
  const std::lock_guard lock(calls_mutex_);
  // One place for all of the host's paths, and for all of a user's processes.
  const auto file = calls_.run<ForeignFile>({.id = root.empty() ? 0U : 1U, .user = user}, [=] {
    auto fd = open_inside(root.empty() ? "/" : root, path);
    return fd ? adopt_foreign(std::move(*fd)) : nullptr;
  });
  return file ? *file : nullptr;
}

}  // namespace sonde
