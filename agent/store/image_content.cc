// SPDX-License-Identifier: Apache-2.0
#include "agent/store/image_content.h"

#include "core/base/sha256.h"
#include "symbolizer/wire/file_key.h"

namespace sonde {

Result<std::string> image_content(int fd, const FileInfo& info) {
  constexpr std::size_t kHexDigits = 2 * sizeof(Sha256Digest);
  if (info.sha256.size() != kHexDigits) {
    return Error{ErrorCode::kInvalidArgument, "a file whose unwind tables have no hash"};
  }
  const auto key = FileKey::of(fd);
  if (!key) return key.error();
  Sha256 hash;
  hash.update(info.sha256);
  hash.update_value(key->device);
  hash.update_value(key->inode);
  hash.update_value(key->size);
  hash.update_value(key->mtime_ns);
  hash.update_value(key->ctime_ns);
  const auto digest = hash.finish();
  if (!digest) return digest.error();
  return to_hex(*digest);
}

}  // namespace sonde
