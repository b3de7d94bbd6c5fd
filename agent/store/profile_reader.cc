// SPDX-License-Identifier: Apache-2.0
#include "agent/store/profile_reader.h"

#include <utility>

#include "agent/store/frame_namer.h"
#include "agent/store/loss.h"
#include "core/model/books.h"

namespace sonde {
namespace {

// The stacks of one side; frames are moved to the last side that needs them.
std::vector<ProfileStack> stacks_of(std::vector<MergedStack>& merged, std::size_t side,
                                    bool is_last, const StopImages& stop_images) {
  std::vector<ProfileStack> out;
  for (MergedStack& stack : merged) {
    if (stack.samples[side] == 0) continue;
    const std::uint32_t stop_image = stack.stop_source == 0 ? 0 : stop_images.at(stack.stop_source);
    out.push_back({.process = stack.group,
                   .stop = stack.stop,
                   .stop_image = stop_image,
                   .samples = stack.samples[side],
                   .cpu_ns = stack.cpu_ns[side],
                   .frames = is_last ? std::move(stack.frames) : stack.frames});
  }
  return out;
}

void count_left_out(ProfileMeta& meta, std::uint64_t samples) {
  if (samples > 0) meta.lost[kReadLossNames.front()] += samples;
}

}  // namespace

Result<ReadSide> ProfileReader::read_side(const ProfileQuestion& question,
                                          const HistoryRange& range, std::size_t side,
                                          StackMerger& merger, std::vector<std::string>& errors) {
  MetaSum sum;
  std::uint64_t stored = 0;
  const auto problems =
      walk_windows(history_, {.range = range, .open = question.open, .deadline = question.deadline},
                   [&](const ClosedWindow& window) {
                     sum.add(window.meta);
                     stored += window.window.samples;
                     merger.add(window, chosen_targets(window, question.selection.matchers), side);
                   });
  if (!problems) return problems.error();
  errors.insert(errors.end(), problems->begin(), problems->end());
  ReadSide out{.meta = sum.meta(),
               .rates = sum.rates(),
               .windows = sum.windows(),
               .stored = stored,
               .stacks = {}};
  out.unaccounted = unaccounted_ticks(out.meta, stored);
  count_left_out(out.meta, merger.left_out()[side]);
  return out;
}

Result<ReadProfile> ProfileReader::read(const ProfileQuestion& question) {
  ReadProfile out;
  StackMerger merger(question.group_by, limits_);
  if (question.before) {
    auto before = read_side(question, *question.before, 1, merger, out.errors);
    if (!before) return before.error();
    out.before = std::move(*before);
  }
  auto side = read_side(question, question.selection.range, 0, merger, out.errors);
  if (!side) return side.error();
  out.side = std::move(*side);
  const StopImages stop_images = name_code(merger, names_, late_, kLateNames, out.profile);
  out.groups = merger.take_groups();
  for (const MergedGroup& group : out.groups) {
    out.profile.processes.push_back({.pid = group.pids.empty() ? 0 : group.pids.front(),
                                     .name = group.values.empty() ? "" : group.values.front()});
  }
  std::vector<MergedStack> stacks = merger.take_stacks();
  if (out.before) out.before->stacks = stacks_of(stacks, 1, false, stop_images);
  out.profile.stacks = stacks_of(stacks, 0, true, stop_images);
  out.profile.meta = out.side.meta;
  return out;
}

}  // namespace sonde
