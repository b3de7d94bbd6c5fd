// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_payload.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "core/model/books.h"
#include "exporters/text/escape.h"
#include "exporters/text/json_text.h"
#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::uint64_t kNsPerMs = 1'000'000;

struct ValueType {
  std::string type = "cpu";
  std::string unit = "nanoseconds";
};

// A foreign profile that holds no CPU time says so in a note `value_type:TYPE/UNIT`.
ValueType value_type(const ProfileMeta& meta) {
  constexpr std::string_view kNote = "value_type:";
  for (const auto& [name, count] : meta.notes) {
    const std::size_t slash = name.rfind('/');
    if (!name.starts_with(kNote) || slash == std::string::npos) continue;
    return {name.substr(kNote.size(), slash - kNote.size()), name.substr(slash + 1)};
  }
  return {};
}

// answer  null: of a file.
void write_head(JsonText& json, const SymbolizedProfile& profile, const FlameTree& tree,
                const FlameAnswer* answer) {
  const ProfileMeta& meta = profile.meta;
  const ValueType type = value_type(meta);
  const std::uint64_t from = answer != nullptr ? answer->from_ns : meta.begin_ns;
  const std::uint64_t to = answer != nullptr ? answer->to_ns : meta.begin_ns + meta.duration_ns;
  json.key("v").number(1).key("type").text(type.type).key("unit").text(type.unit);
  json.key("tick").number(tree.tick_ns);
  json.key("from").number(from / kNsPerMs).key("to").number(to / kNsPerMs);
  json.key("ncpu").number(meta.cpu_count);
  json.key("samples").number(tree.trust.samples).key("total").number(tree.nodes.front().total);
  json.key("rates").open('[');
  if (answer != nullptr) {
    for (const std::uint32_t rate : answer->rates) json.number(rate);
  } else if (meta.rate_hz != 0) {
    json.number(meta.rate_hz);
  }
  json.close(']');
}

// stored       samples of the range, whoever was sampled.
// unaccounted  null: not known.
void write_trust(JsonText& json, std::string_view name, const FlameTrust& trust,
                 const ProfileMeta& meta, std::uint64_t stored, const std::uint64_t* unaccounted) {
  const std::uint64_t lost = lost_of(meta);
  json.key(name).open('{').key("produced").number(stored + lost).key("lost").number(lost);
  json.key("missed").number(missed_of(meta));
  json.key("expected").number(meta.ticks.expected);
  json.key("whole").number(trust.whole).key("early").number(trust.early);
  if (unaccounted != nullptr) json.key("unaccounted").number(*unaccounted);
  json.close('}');
}

void write_before(JsonText& json, const FlameTree& tree, const FlameAnswer::Before& before) {
  json.array("b", tree.nodes, [](const FlameNode& node) { return node.before; });
  json.key("bfrom").number(before.from_ns / kNsPerMs).key("bto").number(before.to_ns / kNsPerMs);
  json.key("btotal").number(tree.nodes.front().before_total);
  json.key("bsamples").number(tree.before.samples);
  json.key("bduration_ns").number(before.meta.duration_ns);
  write_trust(json, "btrust", tree.before, before.meta, before.stored, &before.unaccounted);
}

void write_answer(JsonText& json, const FlameTree& tree, const FlameAnswer& answer) {
  json.key("history").number(answer.history_ns / kNsPerMs).key("errors").open('[');
  for (const std::string& error : answer.errors) json.text(error);
  json.close(']');
  if (answer.before) write_before(json, tree, *answer.before);
}

void write_tables(JsonText& json, const SymbolizedProfile& profile, const FlameTree& tree) {
  json.key("names").open('[');
  for (const std::string& name : tree.names) json.text(cut_text(name, kMaxNameBytes));
  json.close(']').key("images").open('[');
  for (const ProfileImage& image : profile.images) {
    json.open('[').text(cut_text(image.path, kMaxNameBytes)).text(image.build_id).close(']');
  }
  json.close(']');
  json.array("fn", tree.frames, [](const FlameFrame& frame) { return frame.name; });
  json.array("fi", tree.frames, [](const FlameFrame& frame) { return frame.image; });
  json.array("fk", tree.frames, [](const FlameFrame& frame) {
    return static_cast<unsigned>(frame.kind) + (frame.fp_step ? 16U : 0U);
  });
}

void write_nodes(JsonText& json, const FlameTree& tree) {
  std::int64_t level = 0;
  json.array("d", tree.nodes, [&level](const FlameNode& node) {
    const std::int64_t step = std::int64_t{node.level} - level;
    level = node.level;
    return step;
  });
  json.array("f", tree.nodes, [](const FlameNode& node) { return node.frame; });
  json.array("s", tree.nodes, [](const FlameNode& node) { return node.self; });
  if (tree.weighted) {
    json.array("n", tree.nodes, [](const FlameNode& node) { return node.self_samples; });
  }
}

void write_reasons(JsonText& json, const FlameTree& tree) {
  std::vector<std::string> reasons;
  json.key("r").open('[');
  for (std::size_t i = 0; i < tree.frames.size(); ++i) {
    const std::string& reason = tree.frames[i].reason;
    if (reason.empty()) continue;
    const auto at = std::find(reasons.begin(), reasons.end(), reason);
    json.number(i).number(at - reasons.begin());
    if (at == reasons.end()) reasons.push_back(reason);
  }
  json.close(']').key("reasons").open('[');
  for (const std::string& reason : reasons) json.text(reason);
  json.close(']').key("pids").open('[');
  for (const FlameGroup& group : tree.groups) {
    json.open('[').number(group.frame).number(group.pids.front()).number(group.pids.size());
    json.close(']');
  }
  json.close(']').key("more").open('{').key("nodes").number(tree.folded_nodes);
  json.key("ticks").number(tree.folded_ticks).close('}');
}

void write_meta(JsonText& json, const SymbolizedProfile& profile) {
  const ProfileMeta& meta = profile.meta;
  std::map<std::string, std::uint64_t> stops;
  std::map<std::string, std::uint16_t> numbers;
  for (const ProfileStack& stack : profile.stacks) {
    stops[stop_name(stack.stop)] += stack.samples;
    numbers[stop_name(stack.stop)] = stack.stop;
  }
  json.key("meta").open('{').key("host").text(meta.host).key("kernel").text(meta.kernel);
  json.key("version").text(meta.version).key("rate").number(meta.rate_hz);
  json.key("duration_ns").number(meta.duration_ns);
  json.counts("lost", meta.lost).counts("stops", stops).counts("notes", meta.notes);
  json.key("explain").open('{');
  for (const auto& [name, stop] : numbers) json.key(name).text(stop_sentence(stop));
  json.close('}').key("cost").open('{').key("cpu_seconds").number(meta.cost.cpu_seconds);
  json.key("bpf_seconds").number(meta.cost.bpf_seconds);
  json.key("rss_peak_bytes").number(meta.cost.rss_peak_bytes);
  json.key("bpf_ns_per_sample").number(meta.cost.bpf_ns_per_sample).close('}').close('}');
}

std::string payload_of(const SymbolizedProfile& profile, const FlameTree& tree,
                       const FlameAnswer* answer) {
  std::string out;
  out.reserve(64 * tree.nodes.size());
  JsonText json(out);
  json.open('{');
  write_head(json, profile, tree, answer);
  write_trust(json, "trust", tree.trust, profile.meta,
              answer != nullptr ? answer->stored : tree.trust.samples,
              answer != nullptr ? &answer->unaccounted : nullptr);
  write_tables(json, profile, tree);
  write_nodes(json, tree);
  write_reasons(json, tree);
  write_meta(json, profile);
  if (answer != nullptr) write_answer(json, tree, *answer);
  json.close('}');
  return out;
}

}  // namespace

std::string flame_payload(const SymbolizedProfile& profile, const FlameTree& tree) {
  return payload_of(profile, tree, nullptr);
}

std::string flame_payload(const SymbolizedProfile& profile, const FlameTree& tree,
                          const FlameAnswer& answer) {
  return payload_of(profile, tree, &answer);
}

}  // namespace sonde
