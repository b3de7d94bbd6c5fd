// SPDX-License-Identifier: Apache-2.0
#include "tests/support/metrics_check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "core/base/utf8.h"

namespace sonde {
namespace {

bool is_name(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9');
  });
}

// The whole text as a number, in the spelling of the formats.
std::optional<double> number_of(const std::string& text) {
  if (text == "+Inf") return HUGE_VAL;
  if (text == "-Inf") return -HUGE_VAL;
  if (text == "NaN") return NAN;
  if (text.empty() || text.find_first_not_of("0123456789+-.e") != std::string::npos) {
    return std::nullopt;
  }
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return *end == '\0' ? std::optional(value) : std::nullopt;
}

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

// What one histogram series has shown so far.
struct Buckets {
  double last_bound = -HUGE_VAL;
  double last_count = 0;
  bool infinite = false;
  std::optional<double> sum;
  std::optional<double> count;
};

struct Family {
  std::string name;
  std::string type;
  std::string unit;
  bool has_help = false;
  std::size_t samples = 0;
  std::set<std::string> label_names;
  std::map<std::map<std::string, std::string>, Buckets> histograms;  // by labels without le
};

class Checker {
 public:
  explicit Checker(MetricFormat format) : open_metrics_(format == MetricFormat::kOpenMetrics) {}

  std::vector<std::string> check(std::string_view page) {
    if (!is_valid_utf8(page)) complain("not UTF-8");
    if (!page.empty() && page.back() != '\n') complain("the last line has no end");
    while (!page.empty()) {
      const std::size_t end = std::min(page.find('\n'), page.size());
      ++line_;
      read_line(std::string(page.substr(0, end)));
      page.remove_prefix(std::min(end + 1, page.size()));
    }
    close_family();
    if (open_metrics_ && !ended_) complain("no # EOF");
    return std::move(findings_);
  }

 private:
  void complain(const std::string& what) {
    findings_.push_back("line " + std::to_string(line_) + ": " + what);
  }

  void read_line(const std::string& line) {
    if (ended_) complain("text behind # EOF");
    if (std::any_of(line.begin(), line.end(),
                    [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; })) {
      complain("a control character");
    }
    if (open_metrics_ && line == "# EOF") {
      ended_ = true;
    } else if (line.starts_with("# ")) {
      read_description(line);
    } else if (line.empty() || line[0] == '#') {
      complain("neither a sample nor HELP, TYPE or UNIT");
    } else {
      read_sample(line);
    }
  }

  // `# HELP name text`, `# TYPE name type`, `# UNIT name unit`, in this order.
  void read_description(const std::string& line) {
    const std::size_t name_at = line.find(' ', 2);
    const std::size_t text_at =
        name_at == std::string::npos ? name_at : line.find(' ', name_at + 1);
    if (text_at == std::string::npos) return complain("a description of nothing");
    const std::string word = line.substr(2, name_at - 2);
    const std::string name = line.substr(name_at + 1, text_at - name_at - 1);
    const std::string text = line.substr(text_at + 1);
    if (word == "HELP") {
      begin_family(name, text);
    } else if (name != family_.name || family_.samples > 0) {
      complain(word + " of " + name + " is not below its HELP");
    } else if (word == "TYPE") {
      take_type(text);
    } else if (word == "UNIT" && open_metrics_) {
      if (!family_.unit.empty()) complain("a second UNIT of " + name);
      if (text.empty() || !name.ends_with("_" + text)) complain(name + " does not end in " + text);
      family_.unit = text;
    } else {
      complain("a comment");
    }
  }

  void begin_family(const std::string& name, const std::string& help) {
    close_family();
    family_ = {};
    family_.name = name;
    family_.has_help = true;
    if (!is_name(name)) complain(name + " is no name of a metric");
    if (!families_.insert(name).second) complain(name + " is split or described twice");
    if (help.empty()) complain(name + " has no help");
    check_escapes(help, open_metrics_ ? "\\n\"" : "\\n");
  }

  void take_type(const std::string& type) {
    if (!family_.type.empty()) complain("a second TYPE of " + family_.name);
    family_.type = type;
    const std::set<std::string> known =
        open_metrics_ ? std::set<std::string>{"counter", "gauge", "histogram", "info"}
                      : std::set<std::string>{"counter", "gauge", "histogram"};
    if (known.count(type) == 0) complain("no type " + type);
    const bool total = family_.name.ends_with("_total");
    if (type == "counter" && total == open_metrics_) {
      complain("the counter " + family_.name + (total ? " has" : " has no") + " _total");
    }
    if (type != "counter" && total) complain("only counters end in _total");
  }

  void check_escapes(const std::string& text, std::string_view allowed) {
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '"' && allowed.find('"') != std::string_view::npos) {
        complain("a quote without a backslash");
      }
      if (text[at] != '\\') continue;
      if (at + 1 == text.size() || allowed.find(text[at + 1]) == std::string_view::npos) {
        complain("an escape that the format does not have");
      }
      ++at;
    }
  }

  void read_sample(const std::string& line) {
    const auto sample = parse_sample(line);
    if (!sample) return;
    if (!is_name(sample->name)) complain(sample->name + " is no name of a metric");
    if (!series_.insert({sample->name, sample->labels}).second) {
      complain("the series of " + sample->name + " stands twice");
    }
    if (family_.type.empty()) return complain(sample->name + " has no TYPE");
    const std::string suffix =
        sample->name.starts_with(family_.name) ? sample->name.substr(family_.name.size()) : "?";
    const std::string expected = !open_metrics_              ? ""
                                 : family_.type == "counter" ? "_total"
                                 : family_.type == "info"    ? "_info"
                                                             : "";
    check_labels(*sample);
    if (family_.type == "histogram") {
      read_histogram(*sample, suffix);
    } else {
      if (suffix != expected) complain(sample->name + " is no sample of " + family_.name);
      check_value(*sample);
    }
    ++family_.samples;
  }

  void check_value(const Sample& sample) {
    if (family_.type == "counter" && !(sample.value >= 0 && std::isfinite(sample.value))) {
      complain("a counter must be finite and not negative");
    }
    if (family_.type == "info" && sample.value != 1) complain("the value of info is 1");
    if (sample.labels.count("le") > 0) complain("only buckets have the label le");
  }

  void check_labels(const Sample& sample) {
    std::set<std::string> names;
    for (const auto& [name, value] : sample.labels) {
      if (name != "le") names.insert(name);
      if (!is_name(name) || name.starts_with("__")) complain(name + " is no name of a label");
    }
    if (family_.samples == 0) family_.label_names = names;
    if (names != family_.label_names) complain("points of a family differ in their labels");
  }

  void read_histogram(const Sample& sample, const std::string& suffix) {
    std::map<std::string, std::string> labels = sample.labels;
    labels.erase("le");
    Buckets& buckets = family_.histograms[labels];
    if (suffix == "_bucket") return read_bucket(sample, buckets);
    if (sample.labels.count("le") > 0) complain("only buckets have the label le");
    if (suffix == "_sum") {
      buckets.sum = sample.value;
    } else if (suffix == "_count") {
      buckets.count = sample.value;
    } else {
      complain(sample.name + " is no sample of " + family_.name);
    }
  }

  void read_bucket(const Sample& sample, Buckets& buckets) {
    const auto bound = sample.labels.find("le");
    if (bound == sample.labels.end()) return complain("a bucket without le");
    const auto value = number_of(bound->second);
    if (!value || std::isnan(*value)) return complain("le is no number");
    if (*value <= buckets.last_bound) complain("buckets are not in ascending order");
    if (sample.value < buckets.last_count) complain("buckets are not cumulative");
    buckets.last_bound = *value;
    buckets.last_count = sample.value;
    buckets.infinite = buckets.infinite || std::isinf(*value);
  }

  void close_family() {
    if (!family_.has_help) return;
    if (family_.type.empty()) complain(family_.name + " has no TYPE");
    if (family_.samples == 0) complain(family_.name + " has no samples");
    for (const auto& [labels, buckets] : family_.histograms) {
      if (!buckets.infinite) complain(family_.name + " has no bucket +Inf");
      if (!buckets.sum) complain(family_.name + " has no _sum");
      if (!buckets.count) complain(family_.name + " has no _count");
      if (buckets.count && *buckets.count != buckets.last_count) {
        complain("_count of " + family_.name + " is not its bucket +Inf");
      }
    }
  }

  // `name{label="value",...} number`, nothing behind it. A finding and none if it is not that.
  std::optional<Sample> parse_sample(const std::string& line) {
    Sample sample;
    std::size_t at = line.find_first_of("{ ");
    sample.name = line.substr(0, at);
    if (at == std::string::npos || !parse_labels(line, at, sample) || line[at] != ' ') {
      complain("no sample");
      return std::nullopt;
    }
    const auto value = number_of(line.substr(at + 1));
    if (!value) {
      complain("no number, or something behind it");
      return std::nullopt;
    }
    sample.value = *value;
    return sample;
  }

  // Leaves `at` behind the closing brace, if there are labels.
  bool parse_labels(const std::string& line, std::size_t& at, Sample& into) {
    if (line[at] != '{') return true;
    do {
      const std::size_t equals = line.find("=\"", at);
      if (equals == std::string::npos) return false;
      const std::string name = line.substr(at + 1, equals - at - 1);
      std::size_t end = equals + 2;
      while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2U : 1U;
      if (end >= line.size()) return false;
      const std::string value = line.substr(equals + 2, end - equals - 2);
      check_escapes(value, "\\n\"");
      if (!into.labels.emplace(name, value).second) complain("the label " + name + " stands twice");
      at = end + 1;
    } while (at < line.size() && line[at] == ',');
    return at < line.size() && line[at++] == '}' && at < line.size();
  }

  const bool open_metrics_;
  std::size_t line_ = 0;
  bool ended_ = false;
  Family family_;
  std::set<std::string> families_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> series_;
  std::vector<std::string> findings_;
};

}  // namespace

std::vector<std::string> check_metrics_page(std::string_view page, MetricFormat format) {
  return Checker(format).check(page);
}

}  // namespace sonde
