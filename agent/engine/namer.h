// SPDX-License-Identifier: Apache-2.0
// Stage 6: a window's addresses -> names. Asks the symbolizer's worker once per image; a frame
// without a name becomes `file+0xstart` (of its function, if unwind tables tell) with the reason.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/process/code_maps.h"
#include "agent/process/image_registry.h"
#include "core/model/frame_maker.h"
#include "core/model/profile.h"
#include "core/model/profile_window.h"
#include "symbolizer/client/kernel_symbols.h"
#include "symbolizer/client/symbolizer_client.h"

namespace sonde {

// Time for names of code made at run time, ns.
struct MadeCodeBudget {
  std::uint64_t of_one = 2'000'000'000;  // process
  std::uint64_t of_all = 10'000'000'000;
};

// Use once per window. Thread-confined.
class Namer {
 public:
  // kernel   null: kernel frames stay addresses, with the reason `kallsyms_restricted`.
  Namer(const ImageRegistry& images, const ProcReader& proc, CodeMaps& code_maps,
        SymbolizerClient& client, const KernelSymbols* kernel, MadeCodeBudget budget = {})
      : images_(images),
        proc_(proc),
        code_maps_(code_maps),
        client_(client),
        kernel_(kernel),
        budget_(budget) {}
  Namer(const Namer&) = delete;
  Namer& operator=(const Namer&) = delete;

  // Fills everything but `meta`. Cost: about 2 us per distinct address, more for the first look
  // at a file's symbol table.
  SymbolizedProfile name(const ProfileWindow& window);
  // Processes whose code made at run time was not named for lack of time: perf maps can be of any
  // size, and whoever wrote one must not hold up the others' names.
  [[nodiscard]] std::uint64_t code_maps_over_budget() const { return code_maps_over_budget_; }

 private:
  // What is asked about one image, and the answer.
  struct ImageCode {
    std::vector<std::uint64_t> offsets;  // of frames; in the end ascending, each once
    NameTable names;                     // an entry for each of them
  };

  void collect_offsets(const ProfileWindow& window);
  void name_made_code(const ProfileWindow& window, std::uint32_t process,
                      std::vector<std::uint64_t>& addresses);
  void name_image(ImageId id, ImageCode& code);
  ProfileFrame make_frame(FrameWord word, std::uint32_t process, bool own);
  ProfileFrame make_kernel_frame(FrameWord word);
  ProfileFrame make_image_frame(FrameWord word, bool own);
  ProfileFrame make_made_frame(FrameWord word, std::uint32_t process);
  const std::string& build_id_of(ImageId id);

  const ImageRegistry& images_;
  const ProcReader& proc_;
  CodeMaps& code_maps_;
  SymbolizerClient& client_;
  const KernelSymbols* kernel_;
  const MadeCodeBudget budget_;
  SymbolizedProfile profile_;
  FrameMaker maker_{profile_};
  std::map<ImageId, ImageCode> code_;
  std::map<ImageId, std::string> build_ids_;
  std::map<std::uint32_t, std::vector<std::uint64_t>> made_;  // by process: addresses
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::string> made_named_;  // -> function
  std::map<std::uint32_t, std::string_view> made_unnamed_;  // process -> why others have no name
  std::uint64_t made_ns_ = 0;                               // spent on code made at run time
  std::uint64_t code_maps_over_budget_ = 0;
};

}  // namespace sonde
