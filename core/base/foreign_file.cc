// SPDX-License-Identifier: Apache-2.0
#include "core/base/foreign_file.h"

#include <linux/magic.h>
#include <pthread.h>
#include <sys/vfs.h>

#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

namespace sonde {
namespace {

void close_elsewhere(int fd) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for the threads that expect them
  try {
    std::thread([fd] { UniqueFd(fd).reset(); }).detach();
  } catch (const std::system_error&) {
    // No thread to be had: it stays open.
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

ForeignFile adopt_foreign(UniqueFd fd) {
  if (!fd) return nullptr;
  struct statfs about {};
  const bool waits = ::fstatfs(fd.get(), &about) != 0 || about.f_type == FUSE_SUPER_MAGIC;
  if (!waits) return std::make_shared<const UniqueFd>(std::move(fd));
  return {new UniqueFd(std::move(fd)), [](const UniqueFd* file) {
            auto* owned =
                const_cast<UniqueFd*>(file);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
            close_elsewhere(owned->release());
            delete owned;  // NOLINT(cppcoreguidelines-owning-memory)
          }};
}

}  // namespace sonde
