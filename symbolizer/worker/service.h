// SPDX-License-Identifier: Apache-2.0
// Serves the requests of one client, one after the other.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/fd.h"
#include "core/base/result.h"
#include "symbolizer/wire/file_key.h"
#include "symbolizer/wire/messages.h"
#include "symbolizer/worker/symbols/name_cache.h"
#include "symbolizer/worker/unwind/file_rows.h"

namespace sonde {

class Service {
 public:
  explicit Service(int socket) : socket_(socket) {}
  // Until the client closes the socket (0) or breaks the protocol (65).
  int run();

 private:
  struct Reply {
    std::string payload;
    std::shared_ptr<const std::string> rest;  // of the payload, if it comes in two parts
    UniqueFd fd;
    bool debug_file_rejected = false;
    bool names_reused = false;
    std::size_t names_evicted = 0;
  };
  Result<Reply> handle(const WireRequest& request, const std::vector<UniqueFd>& fds,
                       std::span<const std::uint64_t> offsets);
  Result<Reply> handle_describe(int fd);
  Result<Reply> handle_rows();
  Result<Reply> handle_names(const WireRequest& request, const std::vector<UniqueFd>& fds,
                             std::span<const std::uint64_t> offsets);
  Result<void> answer(const WireRequest& request, const Result<Reply>& reply);

  int socket_;
  std::optional<FrameSource> described_;
  std::optional<FileKey> described_key_;  // of the file that was described last
  NameCache names_;
};

}  // namespace sonde
