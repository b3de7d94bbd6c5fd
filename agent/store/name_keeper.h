// SPDX-License-Identifier: Apache-2.0
// Names of what windows show, kept for when they are read: asked for while the file is there, put
// beside the journal by the hash of its content, asked for again as long as a frame has none.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/store/image_names.h"
#include "agent/store/name_archive.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// A name that is not known is kept too: `name` is empty, `system_name` the reason (to_string of a
// Reason), `file_offset` where the function begins as far as unwind tables tell.
using NamedOffset = std::pair<std::uint64_t, StoredFunction>;

struct NameKeeperCounts {
  std::uint64_t kept_bytes = 0;      // in memory now
  std::uint64_t kept_names = 0;      // those: in no file yet
  std::uint64_t dropped = 0;         // names that found no room there
  std::uint64_t postponed = 0;       // those that the symbolizer did not get to
  std::uint64_t tables_written = 0;  // those that had it all already are not
  std::uint64_t write_failures = 0;  // tables that the disk did not take: they are tried again
};

// Thread-safe; one thread writes. Nobody waits for what is being written.
class NameKeeper {
 public:
  // What is not on the disk yet; more is dropped, and counted: it is asked for again.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;
  // A table of which something is new is written so long after it.
  static constexpr std::uint64_t kWriteAfterNs = 60'000'000'000;
  // Where the disk does not take one, all of them wait so long before it is tried again.
  static constexpr std::uint64_t kTryAgainAfterNs = 10'000'000'000;
  // Tables in use are touched so often, lest they make room for others on the disk.
  static constexpr std::uint64_t kTouchAfterNs = 300'000'000'000;
  // What was asked for by nobody for so long leaves the memory; what the disk did not take yet does
  // so, counted as dropped, if more than half of the memory is full.
  static constexpr std::uint64_t kForgetAfterNs = 600'000'000'000;

  // archive  none: names are in memory only. One that cannot be opened now is tried again.
  // client   outlives this.
  NameKeeper(std::optional<NameArchive> archive, SymbolizerClient& client,
             std::uint64_t write_after_ns = kWriteAfterNs);

  // Asks for the names of a file's offsets (ascending, each once) that are not known yet.
  //
  // content  of the file, not empty.
  // cost     none if all are known; a request to the worker otherwise.
  void name_file(const std::string& content, const NameRequest& request, std::uint64_t now_ns);
  // The same for all of them: debug files may have come since. Those that have a name keep it if
  // the answer has none.
  void name_again(const std::string& content, const NameRequest& request, std::uint64_t now_ns);
  // Names that came from elsewhere: of the kernel, of code made at run time.
  void add(const std::string& content, std::span<const NamedOffset> names, std::uint64_t now_ns);
  // Those of `offsets` (ascending) that are not known yet.
  std::vector<std::uint64_t> unknown(const std::string& content,
                                     std::span<const std::uint64_t> offsets, std::uint64_t now_ns);

  // Whatever is kept under a content; empty if nothing is.
  // cost  reads and unpacks a file: about 1 us a name.
  ImageNames names(const std::string& content);

  enum class Written { kNone, kOne, kRefused };
  // Writes one table that is due, or that has anything new. kNone: there is none, and those in use
  // are touched. One that the disk refused stays in memory; one that is too large for the archive
  // is dropped.
  // cost  as long as the disk takes.
  Written write_one(std::uint64_t now_ns, bool all);
  // The same until there is none, or one was refused.
  void flush(std::uint64_t now_ns, bool all);
  // Gives memory back: writes all and forgets what is on the disk; it is read again when asked for.
  void drop_caches(std::uint64_t now_ns);

  [[nodiscard]] NameKeeperCounts counts() const;
  // Why names stay in memory; empty: they do not.
  [[nodiscard]] std::string problem() const;

 private:
  struct Kept {
    std::vector<std::uint64_t> known;  // offsets, named or not, here or in the archive; ascending
    std::map<std::uint64_t, StoredFunction> fresh;  // not in the archive yet
    std::uint64_t fresh_since_ns = 0;
    std::uint64_t used_ns = 0;
    std::uint64_t touched_ns = 0;
  };
  // A table to be written: a copy, which is found here until it is found there.
  struct Due {
    std::string content;
    std::map<std::uint64_t, StoredFunction> fresh;
  };
  void ask(const std::string& content, const NameRequest& request, std::uint64_t now_ns);
  std::optional<ImageNames> stored(const std::string& content);
  Kept& kept(std::unique_lock<std::mutex>& lock, const std::string& content, std::uint64_t now_ns);
  std::optional<Due> next_due(std::uint64_t now_ns, bool all);
  bool forget(Kept& kept, std::uint64_t now_ns);
  void touch_used(std::uint64_t now_ns);
  bool store(const Due& due, std::uint64_t now_ns);
  void forget_stored(const Due& due);
  void look_for_archive(std::uint64_t now_ns);

  std::mutex reading_;  // guards the reading half of archive_, and may wait for the disk
  std::optional<NameArchive> archive_;
  SymbolizerClient& client_;
  const std::uint64_t write_after_ns_;
  mutable std::mutex mutex_;          // guards what follows, and waits for nothing
  std::map<std::string, Kept> kept_;  // by content
  NameKeeperCounts counts_;
  std::string problem_;
  std::uint64_t try_again_ns_ = 0;
};

}  // namespace sonde
