// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff_side.h"

#include <optional>
#include <string_view>
#include <utility>

#include "agent/cli/profile_file.h"
#include "core/model/books.h"

namespace sonde {
namespace {

constexpr std::string_view kCpuTime = "CPU time";

// `CPU time`, or TYPE/UNIT of what the profile holds instead (see exporters/pprof/decode.h).
std::string value_type(const ProfileMeta& meta) {
  constexpr std::string_view kNote = "value_type:";
  for (const auto& [name, count] : meta.notes) {
    if (name.starts_with(kNote)) return name.substr(kNote.size());
  }
  return std::string(kCpuTime);
}

Error refusal(std::string message) {
  return Error{ErrorCode::kInvalidArgument, std::move(message)};
}

DiffSideFacts facts_of(const std::vector<std::string>& files,
                       const std::vector<SymbolizedProfile>& profiles) {
  DiffSideFacts out;
  out.files = files;
  std::uint64_t whole = 0;
  std::uint64_t early = 0;
  bool timed = true;
  for (const SymbolizedProfile& profile : profiles) {
    const StackTotals stacks = count_stacks(profile);
    out.all += stacks.all;
    whole += stacks.whole;
    early += stacks.early;
    out.duration_ns += profile.meta.duration_ns;
    timed &= profile.meta.duration_ns != 0;
    out.lost += lost_of(profile.meta);
    const auto negative = profile.meta.notes.find("negative_values");
    if (negative != profile.meta.notes.end()) out.negative += negative->second;
  }
  if (!timed) out.duration_ns = 0;
  out.whole_share = sonde::whole_share(whole, out.all.samples, early);
  return out;
}

// What the value type of a file is compared with: that of the first file.
struct FirstFile {
  std::string name;
  std::string type;
};

std::optional<Error> check_file(const std::string& file, const ProfileMeta& meta,
                                const FirstFile& first, bool absolute) {
  const std::string type = value_type(meta);
  if (type != kCpuTime && !type.ends_with("/count")) {
    return refusal(file + " holds " + type + ", not CPU time: diff compares CPU profiles");
  }
  if (type != first.type) {
    return refusal("the files do not hold the same: " + first.type + " in " + first.name + ", " +
                   type + " in " + file);
  }
  if (absolute && type != kCpuTime) {
    return refusal("--absolute: " + file + " holds " + type + ", not CPU time");
  }
  if (absolute && meta.duration_ns == 0) {
    return refusal("--absolute: " + file + " does not say how long it was recorded for");
  }
  return std::nullopt;
}

// All files must hold the same kind of value: CPU time, or plain counts of samples.
std::optional<Error> check_values(const DiffInput& input, const DiffOptions& options) {
  const std::array files = {&options.before, &options.after};
  const FirstFile first{options.before.front(), value_type(input.sides[0].front().meta)};
  for (std::size_t side = 0; side < 2; ++side) {
    for (std::size_t i = 0; i < input.sides.at(side).size(); ++i) {
      auto error =
          check_file((*files.at(side))[i], input.sides.at(side)[i].meta, first, options.absolute);
      if (error) return error;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<DiffInput> check_diff_input(std::array<std::vector<SymbolizedProfile>, 2> sides,
                                   const DiffOptions& options) {
  DiffInput out;
  out.sides = std::move(sides);
  if (auto error = check_values(out, options)) return *std::move(error);
  out.is_cpu_time = value_type(out.sides[0].front().meta) == kCpuTime;
  const std::array files = {&options.before, &options.after};
  for (std::size_t side = 0; side < 2; ++side) {
    DiffSideFacts& facts = out.facts.at(side);
    facts = facts_of(*files.at(side), out.sides.at(side));
    if (facts.all.samples != 0 && facts.all.cpu_ns != 0) continue;
    std::string message = files.at(side)->front();
    if (files.at(side)->size() > 1) message += " and the other files of its side";
    message += files.at(side)->size() > 1 ? " hold no samples" : " holds no samples";
    if (facts.negative != 0) message += " but negative ones: is it a difference already?";
    return refusal(std::move(message));
  }
  return out;
}

Result<DiffInput> read_diff_input(const DiffOptions& options) {
  std::array<std::vector<SymbolizedProfile>, 2> sides;
  const std::array files = {&options.before, &options.after};
  for (std::size_t side = 0; side < 2; ++side) {
    for (const std::string& file : *files.at(side)) {
      auto profile = read_profile(file);
      if (!profile) return profile.error();
      sides.at(side).push_back(*std::move(profile));
    }
  }
  return check_diff_input(std::move(sides), options);
}

}  // namespace sonde
