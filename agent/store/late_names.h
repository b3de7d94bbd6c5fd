// SPDX-License-Identifier: Apache-2.0
// Names that come late: code that had none when it was sampled is asked for again when it is read,
// while its file is still there, since debug files may have come since.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>

#include "agent/store/name_keeper.h"
#include "core/base/foreign_file.h"
#include "core/base/timed_calls.h"
#include "core/model/closed_window.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// Thread-safe.
class LateNames {
 public:
  // A content is asked for once in so long.
  static constexpr std::uint64_t kAgainAfterNs = 600'000'000'000;
  // Contents whose last time is remembered; the one asked longest ago makes room.
  static constexpr std::size_t kMaxRemembered = 10'000;

  // keeper, client  outlive this.
  // proc            for tests: what is read in the place of /proc.
  LateNames(NameKeeper& keeper, SymbolizerClient& client, std::string proc = "/proc")
      : keeper_(keeper), client_(client), proc_(std::move(proc)) {}

  // Asks for names of a file's offsets (ascending) if it is still there at its path, with the same
  // content, and its turn has come: on the host, or where a process sees it that lives. What is
  // found is kept (NameKeeper).
  //
  // pids     of processes that had the file mapped, the likeliest first. Others that have their
  //          number now do no harm: the content has to be the same.
  // returns  true if names may have come.
  // cost     without a request: a look at the file. At most 250 ms for each that does not answer.
  bool ask(const ImageIdentity& image, std::span<const std::uint32_t> pids,
           std::span<const std::uint64_t> offsets, std::uint64_t now_ns);

 private:
  bool is_due(const std::string& content, std::uint64_t now_ns);
  bool ask_below(const std::string& root, std::uint32_t user, const ImageIdentity& image,
                 std::span<const std::uint64_t> offsets, std::uint64_t now_ns);
  ForeignFile open(const std::string& root, std::uint32_t user, const std::string& path);

  NameKeeper& keeper_;
  SymbolizerClient& client_;
  const std::string proc_;
  std::mutex mutex_;                            // guards asked_
  std::map<std::string, std::uint64_t> asked_;  // content -> when
  std::mutex calls_mutex_;                      // guards calls_
  TimedCalls calls_;
};

}  // namespace sonde
