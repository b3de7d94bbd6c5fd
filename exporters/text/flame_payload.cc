// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/flame_payload.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string_view>
#include <type_traits>
#include <vector>

#include "exporters/text/escape.h"
#include "exporters/text/stack_cut.h"

namespace sonde {
namespace {

constexpr std::size_t kMaxNameBytes = 4096;
constexpr std::uint64_t kNsPerMs = 1'000'000;

// Builds one JSON object; keys are ours and need no escapes.
class JsonText {
 public:
  explicit JsonText(std::string& out) : out_(out) {}

  JsonText& key(std::string_view name) {
    comma();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    fresh_ = true;
    return *this;
  }
  template <typename T>
  JsonText& number(T value) {
    comma();
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) value = 0;  // JSON has no such number
    }
    std::array<char, 40> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out_.append(text.data(), end);
    return *this;
  }
  JsonText& text(std::string_view value) {
    comma();
    append_json_string(out_, value);
    return *this;
  }
  JsonText& open(char bracket) {
    comma();
    out_ += bracket;
    fresh_ = true;
    return *this;
  }
  JsonText& close(char bracket) {
    out_ += bracket;
    fresh_ = false;
    return *this;
  }
  template <typename Items, typename Fn>
  JsonText& array(std::string_view name, const Items& items, Fn&& value_of) {
    key(name).open('[');
    for (const auto& item : items) number(value_of(item));
    return close(']');
  }
  JsonText& counts(std::string_view name, const std::map<std::string, std::uint64_t>& items) {
    key(name).open('{');
    for (const auto& [label, count] : items) {
      text(label);
      out_ += ':';
      fresh_ = true;
      number(count);
    }
    return close('}');
  }

 private:
  void comma() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }

  std::string& out_;
  bool fresh_ = true;  // no comma before the next token
};

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

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [name, count] : counts) sum += count;
  return sum;
}

void write_head(JsonText& json, const SymbolizedProfile& profile, const FlameTree& tree) {
  const ProfileMeta& meta = profile.meta;
  const ValueType type = value_type(meta);
  const std::uint64_t lost = sum_of(meta.lost);
  json.key("v").number(1).key("type").text(type.type).key("unit").text(type.unit);
  json.key("tick").number(tree.tick_ns);
  json.key("from").number(meta.begin_ns / kNsPerMs);
  json.key("to").number((meta.begin_ns + meta.duration_ns) / kNsPerMs);
  json.key("ncpu").number(meta.cpu_count);
  json.key("samples").number(tree.samples).key("total").number(tree.nodes.front().total);
  json.key("rates").open('[');
  if (meta.rate_hz != 0) json.number(meta.rate_hz);
  json.close(']');
  json.key("trust").open('{').key("produced").number(tree.samples + lost);
  json.key("lost").number(lost);
  const auto missed = meta.lost.find("missed");
  json.key("missed").number(missed == meta.lost.end() ? 0 : missed->second);
  json.key("expected").number(meta.ticks.expected).key("whole").number(tree.whole_samples);
  json.key("early").number(tree.early_samples).close('}');
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

}  // namespace

std::string flame_payload(const SymbolizedProfile& profile, const FlameTree& tree) {
  std::string out;
  out.reserve(64 * tree.nodes.size());
  JsonText json(out);
  json.open('{');
  write_head(json, profile, tree);
  write_tables(json, profile, tree);
  write_nodes(json, tree);
  write_reasons(json, tree);
  write_meta(json, profile);
  json.close('}');
  return out;
}

}  // namespace sonde
