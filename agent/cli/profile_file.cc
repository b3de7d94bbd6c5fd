// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/profile_file.h"

#include "core/base/file.h"
#include "exporters/pprof/decode.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

}  // namespace

Result<SymbolizedProfile> read_profile(const std::string& path) {
  const auto bytes = read_file(path, kMaxFileBytes);
  if (!bytes) return bytes.error().with_context("cannot read the profile");
  auto profile = decode_pprof(*bytes);
  if (!profile) {
    Error error = profile.error();
    error.message = path + " is not a readable pprof profile: " + error.message;
    return error;
  }
  return profile;
}

}  // namespace sonde
