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
  std::uint64_t kept_bytes = 0;  // in memory now
  std::uint64_t dropped = 0;     // names that found no room there
  std::uint64_t tables_written = 0;
  std::uint64_t write_failures = 0;  // tables that the disk did not take: they are tried again
};

// Thread-safe.
class NameKeeper {
 public:
  // What is not on the disk yet; more is dropped, and counted: it is asked for again.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 20;
  // A table of which something is new is written so long after it.
  static constexpr std::uint64_t kWriteAfterNs = 60'000'000'000;
  // Where the disk does not take one, all of them wait so long before it is tried again.
  static constexpr std::uint64_t kTryAgainAfterNs = 10'000'000'000;
  // What was asked for by nobody for so long leaves the memory.
  static constexpr std::uint64_t kForgetAfterNs = 600'000'000'000;

  // archive  none: names are in memory only. One that cannot be opened now is tried again.
  // client   outlives this.
  NameKeeper(std::optional<NameArchive> archive, SymbolizerClient& client);

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

  // Writes tables that are due, or all. What the disk does not take stays in memory.
  void flush(std::uint64_t now_ns, bool all);

  [[nodiscard]] NameKeeperCounts counts() const;
  // Why names stay in memory; empty: they do not.
  [[nodiscard]] std::string problem() const;

 private:
  struct Kept {
    std::vector<std::uint64_t> known;  // offsets, named or not, here or in the archive; ascending
    std::map<std::uint64_t, StoredFunction> fresh;  // not in the archive yet
    std::uint64_t bytes = 0;                        // of `fresh`
    std::uint64_t fresh_since_ns = 0;
    std::uint64_t used_ns = 0;
  };
  void ask(const std::string& content, const NameRequest& request, std::uint64_t now_ns);
  Kept& kept(const std::string& content, std::uint64_t now_ns);
  bool write(const std::string& content, Kept& kept);
  void look_for_archive();

  mutable std::mutex mutex_;  // guards what follows but client_
  std::optional<NameArchive> archive_;
  SymbolizerClient& client_;
  std::map<std::string, Kept> kept_;  // by content
  NameKeeperCounts counts_;
  std::string problem_;
  std::uint64_t try_again_ns_ = 0;
};

}  // namespace sonde
