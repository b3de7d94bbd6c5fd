// SPDX-License-Identifier: Apache-2.0
#include "core/base/foreign_file.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <utility>

#include "core/base/detached_thread.h"

namespace sonde {
ForeignFile adopt_foreign(UniqueFd fd) {
  if (!fd) return nullptr;
  struct statfs about {};
  const bool waits = ::fstatfs(fd.get(), &about) != 0 || about.f_type == FUSE_SUPER_MAGIC;
  if (!waits) return std::make_shared<const UniqueFd>(std::move(fd));
  return {new UniqueFd(std::move(fd)), [](const UniqueFd* file) {
            auto* owned =
                const_cast<UniqueFd*>(file);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
            // Without a thread it stays open.
            (void)start_detached("sonde-close", [fd = owned->release()] { UniqueFd(fd).reset(); });
            delete owned;  // NOLINT(cppcoreguidelines-owning-memory)
          }};
}

}  // namespace sonde
