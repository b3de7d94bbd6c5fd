// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_flame.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "agent/web/profile_query.h"
#include "exporters/pprof/encode.h"
#include "exporters/text/flame_payload.h"
#include "exporters/text/flame_tree.h"
#include "exporters/text/folded.h"
#include "exporters/text/html.h"
#include "exporters/text/speedscope.h"
#include "exporters/text/svg.h"

namespace sonde {
namespace {

struct FileKind {
  std::string_view content_type;
  std::string_view extension;
};

// By ProfileFormat.
constexpr std::array<FileKind, 6> kFiles = {{{"application/json", "json"},
                                             {"text/plain; charset=utf-8", "folded"},
                                             {"application/octet-stream", "pb.gz"},
                                             {"image/svg+xml", "svg"},
                                             {"text/html; charset=utf-8", "html"},
                                             {"application/json", "speedscope.json"}}};

// An empty range says what the agent is all the same.
void fill_meta(const ApiSources& sources, ReadProfile& read) {
  if (read.side.windows > 0) return;
  const AgentFacts facts = sources.facts();
  ProfileMeta& meta = read.profile.meta;
  meta.host = facts.host;
  meta.version = facts.version;
  meta.kernel = facts.kernel;
  meta.cpu_count = facts.cpu_count;
  meta.rate_hz = facts.rate_hz;
}

std::vector<FlameRows> rows_of(std::vector<MergedGroup>& groups) {
  std::vector<FlameRows> rows;
  rows.reserve(groups.size());
  for (MergedGroup& group : groups) {
    rows.push_back({.names = std::move(group.values), .pids = std::move(group.pids)});
  }
  return rows;
}

std::vector<FlameStep> steps_of(const std::vector<FrameName>& root) {
  std::vector<FlameStep> steps;
  steps.reserve(root.size());
  for (const FrameName& frame : root) steps.push_back({.name = frame.name, .image = frame.image});
  return steps;
}

FlameAnswer answer_of(const ApiSources& sources, const FlameQuery& query, const ReadProfile& read) {
  FlameAnswer answer{.from_ns = static_cast<std::uint64_t>(query.range.from_ns),
                     .to_ns = static_cast<std::uint64_t>(query.range.to_ns),
                     .rates = read.side.rates,
                     .stored = read.side.stored,
                     .unaccounted = read.side.unaccounted,
                     .errors = read.errors,
                     .before = {}};
  if (const auto extent = sources.history.extent()) answer.history_ns = extent->oldest_begin_ns;
  if (!read.before) return answer;
  answer.before = FlameAnswer::Before{.from_ns = static_cast<std::uint64_t>(query.before->from_ns),
                                      .to_ns = static_cast<std::uint64_t>(query.before->to_ns),
                                      .stored = read.before->stored,
                                      .unaccounted = read.before->unaccounted,
                                      .meta = read.before->meta};
  return answer;
}

std::string payload_of(const ApiSources& sources, const FlameQuery& query, ReadProfile& read) {
  fill_meta(sources, read);
  const FlameTree tree =
      FlameTree::build(read.profile, {.max_nodes = query.max_nodes,
                                      .rows = rows_of(read.groups),
                                      .root = steps_of(query.root),
                                      .before = read.before ? &read.before->stacks : nullptr});
  return flame_payload(read.profile, tree, answer_of(sources, query, read));
}

// The question without its open window.
ProfileQuestion question_of(const ApiSources& sources, const SelectionQuery& query) {
  ProfileQuestion question;
  question.selection = {history_range(query.range), query.match};
  question.deadline = std::chrono::steady_clock::now() + sources.patience;
  return question;
}

struct Made {
  HttpResponse response;
  bool is_whole = false;  // all windows could be read
};

Made flame_of(const ApiSources& sources, const FlameQuery& query) {
  const OpenWindows open = query.live ? sources.open_windows() : OpenWindows();
  ProfileQuestion question = question_of(sources, query);
  question.group_by = query.group;
  question.open = open.windows;
  if (query.before) question.before = history_range(*query.before);
  auto read = sources.profiles.read(question);
  if (!read) return {error_answer(read.error())};
  if (!open.problem.empty()) read->errors.push_back(open.problem);
  const bool is_whole = read->errors.empty();
  return {{.body = payload_of(sources, query, *read)}, is_whole};
}

Result<std::string> bytes_of(const SymbolizedProfile& profile, ProfileFormat format) {
  switch (format) {
    case ProfileFormat::kPprof:
      return encode_pprof(profile);
    case ProfileFormat::kFolded:
      return encode_folded(profile);
    case ProfileFormat::kSvg:
      return encode_svg(profile);
    case ProfileFormat::kHtml:
      return encode_html(profile);
    case ProfileFormat::kSpeedscope:
      return encode_speedscope(profile);
    case ProfileFormat::kJson:
      break;
  }
  return Error{ErrorCode::kInternal, "json is no file"};
}

Made file_of(const ApiSources& sources, const ProfileQuery& query) {
  const OpenWindows open = query.range.to_now ? sources.open_windows() : OpenWindows();
  ProfileQuestion question = question_of(sources, query);
  question.open = open.windows;
  // pprof tells processes apart; everything else puts those of one name together.
  if (query.format == ProfileFormat::kPprof) question.group_by = {"process", "pid"};
  auto read = sources.profiles.read(question);
  if (!read) return {error_answer(read.error())};
  if (!open.problem.empty()) read->errors.push_back(open.problem);
  fill_meta(sources, *read);
  auto bytes = bytes_of(read->profile, query.format);
  if (!bytes) return {error_answer(bytes.error())};
  const FileKind& kind = kFiles.at(static_cast<std::size_t>(query.format));
  const std::string name = profile_file_name(read->profile.meta.host, query.type, query.range) +
                           "." + std::string(kind.extension);
  return {{.content_type = std::string(kind.content_type),
           .body = *std::move(bytes),
           .headers = {{"Content-Disposition", "attachment; filename=\"" + name + "\""}}},
          read->errors.empty()};
}

std::string length_text(std::int64_t seconds) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 3600;
  constexpr std::int64_t kDay = 86'400;
  if (seconds % kDay == 0) return fmt::format("{}d", seconds / kDay);
  if (seconds % kHour == 0) return fmt::format("{}h", seconds / kHour);
  if (seconds % kMinute == 0) return fmt::format("{}m", seconds / kMinute);
  return fmt::format("{}s", seconds);
}

}  // namespace

std::string profile_file_name(std::string_view host, std::string_view type,
                              const TimeRange& range) {
  constexpr std::int64_t kNsPerSecond = 1'000'000'000;
  const std::time_t begin = range.from_ns / kNsPerSecond;
  std::tm utc{};
  ::gmtime_r(&begin, &utc);
  std::array<char, 32> stamp{};
  std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%MZ", &utc);
  std::string out = fmt::format(
      "sonde-{}-{}-{}-{}", host, type, stamp.data(),
      length_text(std::max<std::int64_t>((range.to_ns - range.from_ns) / kNsPerSecond, 1)));
  for (char& c : out) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    if (!plain) c = '_';
  }
  return out;
}

HttpResponse answer_flame(const ApiSources& sources, const HttpRequest& request) {
  const auto window_ns = static_cast<std::int64_t>(sources.facts().window_ns);
  auto query = parse_flame_query(request.query, static_cast<std::int64_t>(sources.now_ns()));
  if (!query) return error_answer(query.error());
  if (!query->live) {
    query->range = in_whole_windows(query->range, window_ns);
    if (query->before) query->before = in_whole_windows(*query->before, window_ns);
  }
  const auto closed = [&] {
    return is_closed(sources, query->range) &&
           (!query->before || is_closed(sources, *query->before));
  };
  const bool was_closed = closed();
  Made made = flame_of(sources, *query);
  if (was_closed && made.is_whole && closed()) mark_closed(request, made.response);
  return std::move(made.response);
}

HttpResponse answer_profile(const ApiSources& sources, const HttpRequest& request) {
  auto query = parse_profile_query(request.query, static_cast<std::int64_t>(sources.now_ns()));
  if (!query) return error_answer(query.error());
  if (!query->range.to_now) {
    const auto window_ns = static_cast<std::int64_t>(sources.facts().window_ns);
    query->range = in_whole_windows(query->range, window_ns);
  }
  const bool was_closed = is_closed(sources, query->range);
  Made made;
  if (query->format == ProfileFormat::kJson) {
    FlameQuery flame;
    static_cast<SelectionQuery&>(flame) = static_cast<const SelectionQuery&>(*query);
    flame.live = query->range.to_now;
    made = flame_of(sources, flame);
  } else {
    made = file_of(sources, *query);
  }
  const bool closed = was_closed && made.is_whole && is_closed(sources, query->range);
  if (closed) mark_closed(request, made.response);
  return std::move(made.response);
}

}  // namespace sonde
