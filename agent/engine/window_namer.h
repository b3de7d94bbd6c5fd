// SPDX-License-Identifier: Apache-2.0
// Stage 5: windows -> profiles with names, one after the other, for who looks at them at once
// (`sonde top`). Asks the symbolizer's worker for what is new in a window; a frame without a name
// becomes `file+0xstart` (of its function, if unwind tables tell) with the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "agent/engine/ended_window.h"
#include "core/model/profile.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// Time for the names of one window, ns. What it leaves out is asked for with the next one.
struct NamingBudget {
  std::uint64_t files = ~std::uint64_t{0};
  // Of code made at run time: perf maps can be of any size, and whoever wrote one must not hold up
  // the others' names.
  std::uint64_t of_one = 2'000'000'000;  // process
  std::uint64_t of_all = 10'000'000'000;
  // A process's map is read again after so many times what it took: 5 % of one CPU.
  std::uint64_t rest = 20;
};

// What is known of one file's code.
struct KnownFile {
  std::string build_id;
  std::vector<NamedFunction> functions;
  std::map<std::uint64_t, NameTable::Entry> code;  // by offset; functions are those above
  std::uint64_t window = 0;                        // that used it last
};

// What is known of the code that one process made.
struct KnownMaker {
  std::map<std::uint64_t, std::string> names;  // by address; empty: it has none
  std::string_view why;                        // of those without a name
  std::vector<std::uint64_t> map_bytes;        // of its files when they were read last
  std::uint64_t rests_until_ns = 0;
  std::uint64_t window = 0;  // that used it last
};

// Thread-confined.
class WindowNamer {
 public:
  // Addresses that are remembered; past that only those of the last window.
  static constexpr std::size_t kMaxKnown = 65'536;

  // client  outlives this.
  explicit WindowNamer(SymbolizerClient& client, NamingBudget budget = {})
      : client_(client), budget_(budget) {}

  // Fills everything; the meta is the window's. Its note `code_maps_over_budget` counts processes
  // whose code made at run time was not named for lack of time.
  //
  // cost  about 2 us per distinct address that is new, more for the first look at a file's symbol
  //       table.
  SymbolizedProfile name(const EndedWindow& window);

  [[nodiscard]] std::size_t known() const;  // addresses that are remembered

 private:
  // Device, inode, bytes, mtime and ctime: while all are the same, so are its names.
  using FileKey =
      std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;
  using MakerKey = std::pair<std::uint32_t, std::uint64_t>;  // process id, start
  using Addresses = std::vector<std::uint64_t>;              // ascending, each once

  static FileKey key_of(const ImageFile& file);
  const KnownFile& look_up(const ImageFile& file, const std::string& path,
                           const Addresses& offsets);
  const KnownMaker& look_up(const MadeCodeMaps& maps, const WindowProcess& process,
                            const Addresses& addresses, std::uint64_t& over_budget);
  bool read_maps(const MadeCodeMaps& maps, Addresses addresses, KnownMaker& maker);
  void forget();

  SymbolizerClient& client_;
  const NamingBudget budget_;
  std::map<FileKey, KnownFile> files_;
  std::map<MakerKey, KnownMaker> makers_;
  std::uint64_t window_ = 0;  // number of the one that is being named
  std::uint64_t begin_ns_ = 0;
  std::uint64_t made_ns_ = 0;  // spent in it on code made at run time
};

}  // namespace sonde
