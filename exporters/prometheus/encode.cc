// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/encode.h"

#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <string_view>

#include "core/base/utf8.h"

namespace sonde {
namespace {

std::string_view type_of(MetricKind kind, MetricFormat format) {
  switch (kind) {
    case MetricKind::kCounter:
      return "counter";
    case MetricKind::kGauge:
      return "gauge";
    case MetricKind::kHistogram:
      return "histogram";
    case MetricKind::kInfo:
      return format == MetricFormat::kOpenMetrics ? "info" : "gauge";
  }
  return "gauge";
}

// What a sample's name has behind the family's.
std::string_view suffix_of(MetricKind kind) {
  if (kind == MetricKind::kCounter) return "_total";
  return kind == MetricKind::kInfo ? "_info" : "";
}

// Control characters become visible text, for pages are also read in terminals.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : to_valid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      if (c == '\\' || (quotes && c == '"')) out += '\\';
      out += c;
    }
  }
}

template <typename Number>
void append_digits(std::string& out, Number value) {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), error == std::errc() ? end : digits.data());
}

void append_value(std::string& out, double value) {
  constexpr double kExact = 9007199254740992;  // 2^53: up to here digits are all of a whole number
  if (std::trunc(value) == value && std::abs(value) <= kExact) {
    append_digits(out, static_cast<std::int64_t>(value));
  } else if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    append_digits(out, value);
  }
}

class Encoder {
 public:
  explicit Encoder(MetricFormat format) : format_(format) {}

  void add(const MetricFamily& family) {
    if (family.points.empty()) return;
    add_header(family);
    for (const MetricPoint& point : family.points) {
      if (family.kind == MetricKind::kHistogram) {
        add_histogram(family.name, point);
      } else {
        begin_sample(family.name, suffix_of(family.kind), point.labels);
        append_value(out_, family.kind == MetricKind::kInfo ? 1 : point.value);
        out_ += '\n';
      }
    }
  }

  std::string take() {
    if (format_ == MetricFormat::kOpenMetrics) out_ += "# EOF\n";
    return std::move(out_);
  }

 private:
  // OpenMetrics names the family here, the text format the sample.
  void add_header(const MetricFamily& family) {
    const bool open_metrics = format_ == MetricFormat::kOpenMetrics;
    const std::string name = family.name + std::string(open_metrics ? "" : suffix_of(family.kind));
    out_ += "# HELP " + name + ' ';
    append_escaped(out_, family.help, open_metrics);
    out_ += "\n# TYPE " + name + ' ';
    out_ += type_of(family.kind, format_);
    out_ += '\n';
    if (open_metrics && !family.unit.empty()) {
      out_ += "# UNIT " + name + ' ' + family.unit + '\n';
    }
  }

  // `name{labels} `; `bound` is the value of a bucket's label.
  void begin_sample(std::string_view name, std::string_view suffix,
                    std::span<const MetricLabel> labels, std::string_view bound = {}) {
    out_ += name;
    out_ += suffix;
    char separator = '{';
    for (const MetricLabel& label : labels) {
      out_ += separator;
      out_ += label.name;
      out_ += "=\"";
      append_escaped(out_, label.value, true);
      out_ += '"';
      separator = ',';
    }
    if (!bound.empty()) {
      out_ += separator;
      out_ += "le=\"";
      out_ += bound;
      out_ += '"';
      separator = ',';
    }
    out_ += separator == ',' ? "} " : " ";
  }

  void add_histogram(std::string_view name, const MetricPoint& point) {
    const MetricHistogram& histogram = point.histogram;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= histogram.bounds.size(); ++i) {
      if (i < histogram.counts.size()) below += histogram.counts[i];
      begin_sample(name, "_bucket", point.labels, bound_text(histogram, i));
      append_digits(out_, below);
      out_ += '\n';
    }
    begin_sample(name, "_sum", point.labels);
    append_value(out_, histogram.sum);
    out_ += '\n';
    begin_sample(name, "_count", point.labels);
    append_digits(out_, below);
    out_ += '\n';
  }

  // With a point also where it is whole (`1.0`), as OpenMetrics asks, and in both formats: a series
  // must not be another one because of the format it was read in.
  static std::string bound_text(const MetricHistogram& histogram, std::size_t bucket) {
    if (bucket == histogram.bounds.size()) return "+Inf";
    std::string out;
    append_digits(out, histogram.bounds[bucket]);
    return out.find_first_not_of("-0123456789") == std::string::npos ? out + ".0" : out;
  }

  const MetricFormat format_;
  std::string out_;
};

}  // namespace

std::string encode_metrics(const MetricBatch& batch, MetricFormat format) {
  Encoder encoder(format);
  for (const MetricFamily& family : batch.families()) encoder.add(family);
  return encoder.take();
}

}  // namespace sonde
