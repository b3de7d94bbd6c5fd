// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/facts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

namespace sonde {
namespace {

constexpr std::string_view kLetters = "olkju";  // Origin 1..5
constexpr std::string_view kFrames = "sonde.frames";
constexpr std::string_view kReason = "sonde.reason.";
// Bounds for files that others wrote: a reason is copied into every frame that has it.
constexpr std::size_t kMaxReasons = 64;
constexpr std::size_t kMaxReasonBytes = 64;

template <typename T>
std::string number_text(T value) {
  std::array<char, 40> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

template <typename T>
bool read_number(std::string_view text, T& value) {
  T parsed{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, parsed);
  if (error != std::errc{} || at != end) return false;
  value = parsed;
  return true;
}

std::string hash_of(std::span<const ProfileFrame> frames) {
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  const auto mix = [&hash](std::uint64_t word) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      hash = (hash ^ ((word >> shift) & 0xffU)) * 0x100000001b3U;
    }
  };
  for (const ProfileFrame& frame : frames) mix(frame.address);
  std::array<char, 17> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), hash, 16).ptr;
  return {text.data(), end};
}

char letter_of(const ProfileFrame& frame) {
  const auto origin = static_cast<std::size_t>(frame.origin);
  const char letter = kLetters[origin >= 1 && origin <= kLetters.size() ? origin - 1 : 4];
  return frame.fp_step ? static_cast<char>(letter - 'a' + 'A') : letter;
}

std::string runs_of(std::span<const ProfileFrame> frames) {
  std::string out;
  for (std::size_t i = 0; i < frames.size();) {
    const char letter = letter_of(frames[i]);
    std::size_t end = i + 1;
    while (end < frames.size() && letter_of(frames[end]) == letter) ++end;
    out += number_text(end - i);
    out += letter;
    i = end;
  }
  return out;
}

std::map<std::string, std::string> reasons_of(std::span<const ProfileFrame> frames) {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < frames.size();) {
    const std::string& reason = frames[i].reason;
    std::size_t end = i + 1;
    while (end < frames.size() && frames[end].reason == reason) ++end;
    if (!reason.empty()) {
      std::string& ranges = out[reason];
      if (!ranges.empty()) ranges += ',';
      ranges += number_text(i + 1);
      if (end > i + 1) ranges += '-' + number_text(end);
    }
    i = end;
  }
  return out;
}

// Calls fn(first, count, letter) per run; false if the text is not a list of runs.
template <typename Fn>
bool for_each_run(std::string_view runs, Fn&& fn) {
  std::size_t first = 0;
  while (!runs.empty()) {
    std::size_t count = 0;
    const char* end = runs.data() + runs.size();
    const auto [at, error] = std::from_chars(runs.data(), end, count);
    if (error != std::errc{} || at == end || count == 0) return false;
    if (!fn(first, count, *at)) return false;
    first += count;
    runs.remove_prefix(static_cast<std::size_t>(at - runs.data()) + 1);
  }
  return true;
}

struct Kind {
  Origin origin = Origin::kUnresolved;
  bool fp_step = false;
};

std::optional<Kind> kind_of_letter(char letter) {
  const bool upper = letter >= 'A' && letter <= 'Z';
  const char lower = upper ? static_cast<char>(letter - 'A' + 'a') : letter;
  const std::size_t at = kLetters.find(lower);
  if (at == std::string_view::npos) return std::nullopt;
  return Kind{static_cast<Origin>(at + 1), upper};
}

// `3-5,9` -> reason on those frames. Ranges ascend; the first that does not ends the work.
void apply_ranges(std::string_view ranges, const std::string& reason,
                  std::span<ProfileFrame> frames) {
  std::size_t next = 1;
  while (!ranges.empty()) {
    const std::string_view one = ranges.substr(0, ranges.find(','));
    ranges.remove_prefix(std::min(ranges.size(), one.size() + 1));
    const std::size_t dash = one.find('-');
    std::size_t first = 0;
    if (!read_number(one.substr(0, dash), first)) return;
    std::size_t last = first;
    if (dash != std::string_view::npos && !read_number(one.substr(dash + 1), last)) return;
    if (first < next || last < first || last > frames.size()) return;
    for (std::size_t i = first; i <= last; ++i) frames[i - 1].reason = reason;
    next = last + 1;
  }
}

struct TickField {
  std::string_view name;
  std::uint64_t TickLedger::*field;
};
constexpr std::array<TickField, 7> kTicks{{{"expected", &TickLedger::expected},
                                           {"missed", &TickLedger::missed},
                                           {"run", &TickLedger::run},
                                           {"idle", &TickLedger::idle},
                                           {"filtered", &TickLedger::filtered},
                                           {"thinned", &TickLedger::thinned},
                                           {"emitted", &TickLedger::emitted}}};

void add_cost(const ProfileCost& cost, std::vector<std::string>& out) {
  out.push_back("cost.cpu_seconds=" + number_text(cost.cpu_seconds));
  out.push_back("cost.bpf_seconds=" + number_text(cost.bpf_seconds));
  out.push_back("cost.rss_peak_bytes=" + number_text(cost.rss_peak_bytes));
  out.push_back("cost.kernel_map_bytes=" + number_text(cost.kernel_map_bytes));
  out.push_back("cost.bpf_ns_per_sample=" + number_text(cost.bpf_ns_per_sample));
}

void read_cost(std::string_view key, std::string_view value, ProfileCost& cost) {
  if (key == "cpu_seconds") read_number(value, cost.cpu_seconds);
  if (key == "bpf_seconds") read_number(value, cost.bpf_seconds);
  if (key == "rss_peak_bytes") read_number(value, cost.rss_peak_bytes);
  if (key == "kernel_map_bytes") read_number(value, cost.kernel_map_bytes);
  if (key == "bpf_ns_per_sample") read_number(value, cost.bpf_ns_per_sample);
}

}  // namespace

std::vector<std::string> recording_facts(const ProfileMeta& meta) {
  std::vector<std::string> out{"agent=sonde " + meta.version,
                               "format=1",
                               "host=" + meta.host,
                               "kernel=" + meta.kernel,
                               "cpus=" + number_text(meta.cpu_count),
                               "rate_hz=" + number_text(meta.rate_hz),
                               "cgroup_mode=" + meta.cgroup_mode};
  for (const TickField& tick : kTicks) {
    out.push_back("ticks." + std::string(tick.name) + '=' + number_text(meta.ticks.*tick.field));
  }
  for (const auto& [reason, count] : meta.lost) {
    out.push_back("lost." + reason + '=' + number_text(count));
  }
  for (const auto& [name, count] : meta.notes) {
    out.push_back("note." + name + '=' + number_text(count));
  }
  add_cost(meta.cost, out);
  return out;
}

std::vector<std::string> frame_facts(std::span<const ProfileFrame> frames) {
  std::vector<std::string> out{std::string(kFrames) + '=' + hash_of(frames) + ':' +
                               runs_of(frames)};
  for (const auto& [reason, ranges] : reasons_of(frames)) {
    out.emplace_back(kReason);
    out.back().append(reason).append("=").append(ranges);
  }
  return out;
}

void ProfileFacts::add(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view key = text.substr(0, equals);
  const std::string_view value = text.substr(equals + 1);
  constexpr std::string_view kAgent = "sonde ";
  if (key == "agent" && value.starts_with(kAgent)) {
    written_by_sonde_ = true;
    meta_.version = value.substr(kAgent.size());
  } else if (key == kFrames) {
    frames_ = value;
  } else if (key.starts_with(kReason)) {
    const std::string_view name = key.substr(kReason.size());
    if (reasons_.size() < kMaxReasons && name.size() <= kMaxReasonBytes) {
      reasons_.emplace_back(name, value);
    }
  } else {
    add_meta(key, value);
  }
}

void ProfileFacts::add_meta(std::string_view key, std::string_view value) {
  if (key == "host") meta_.host = value;
  if (key == "kernel") meta_.kernel = value;
  if (key == "cgroup_mode") meta_.cgroup_mode = value;
  if (key == "cpus") read_number(value, meta_.cpu_count);
  if (key == "rate_hz") read_number(value, meta_.rate_hz);
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) return;
  const std::string_view group = key.substr(0, dot);
  const std::string_view name = key.substr(dot + 1);
  std::uint64_t count = 0;
  if (group == "lost" && read_number(value, count)) meta_.lost[std::string(name)] = count;
  if (group == "note" && read_number(value, count)) meta_.notes[std::string(name)] = count;
  if (group == "cost") read_cost(name, value, meta_.cost);
  if (group != "ticks") return;
  for (const TickField& tick : kTicks) {
    if (name == tick.name) read_number(value, meta_.ticks.*tick.field);
  }
}

bool ProfileFacts::apply(std::span<ProfileFrame> frames) const {
  const std::size_t colon = frames_.find(':');
  if (colon == std::string::npos || frames_.substr(0, colon) != hash_of(frames)) return false;
  const std::string_view runs = std::string_view(frames_).substr(colon + 1);
  std::size_t covered = 0;
  const bool valid = for_each_run(runs, [&](std::size_t first, std::size_t count, char letter) {
    covered = first + count;
    return count <= frames.size() && covered <= frames.size() && kind_of_letter(letter);
  });
  if (!valid || covered != frames.size()) return false;
  for_each_run(runs, [&](std::size_t first, std::size_t count, char letter) {
    const Kind kind = *kind_of_letter(letter);
    for (ProfileFrame& frame : frames.subspan(first, count)) {
      frame.origin = kind.origin;
      frame.fp_step = kind.fp_step;
      frame.reason.clear();
    }
    return true;
  });
  for (const auto& [reason, ranges] : reasons_) apply_ranges(ranges, reason, frames);
  return true;
}

}  // namespace sonde
