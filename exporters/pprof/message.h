// SPDX-License-Identifier: Apache-2.0
// One pprof message read into checked tables that still mirror the file. Private to
// exporters/pprof; decode.cc makes the model from it. Views point into the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "exporters/pprof/foreign.h"
#include "exporters/pprof/id_table.h"
#include "exporters/pprof/wire.h"

namespace sonde {

struct PprofMapping {
  std::string_view filename;
  std::string_view build_id;
  std::uint64_t start = 0;
  std::uint64_t offset = 0;
};

struct PprofFunction {
  std::string_view name;
  std::string_view system_name;
};

struct PprofLocation {
  std::uint64_t address = 0;
  std::uint32_t mapping = 0;     // position + 1, 0 = none
  std::uint32_t first_line = 0;  // into PprofMessage::lines
  std::uint32_t line_count = 0;
};

// Reused from sample to sample.
struct PprofSample {
  std::vector<std::uint32_t> locations;  // positions, leaf first
  std::vector<std::int64_t> values;
  std::string_view process;  // label process, comm or process_name
  std::string_view stop;
  std::string_view stop_image;
  std::string_view origin;
  std::uint64_t pid = 0;
};

class PprofMessage {
 public:
  // Reads every table but the samples.
  //
  // max_memory_bytes  budget of the estimate, shared with charge().
  // errors            see decode.h; messages carry the byte offset.
  Result<void> read_tables(std::string_view bytes, std::size_t max_memory_bytes);
  // Calls `take` for each sample in order; what it returns ends the walk if it is an error.
  Result<void> for_each_sample(const std::function<Result<void>(const PprofSample&)>& take);

  // Takes bytes from the memory budget.
  Result<void> charge(std::size_t bytes);
  // Samples that could be walked at the top level before the first damage.
  [[nodiscard]] std::size_t intact_samples() const { return intact_samples_; }

  std::vector<std::string_view> strings;
  std::vector<PprofValueType> types;
  std::vector<PprofMapping> mappings;
  std::vector<PprofFunction> functions;
  std::vector<PprofLocation> locations;
  std::vector<std::uint32_t> lines;  // function positions
  std::vector<std::string_view> comments;
  PprofValueType period_type;
  std::int64_t period = 0;
  std::int64_t time_nanos = 0;
  std::int64_t duration_nanos = 0;

 private:
  struct Span {  // a submessage to be read in a later pass
    std::string_view bytes;
    std::size_t offset = 0;
  };

  Error damaged(std::size_t offset, const std::string& what) const;
  Result<std::string_view> string_at(std::uint64_t index, std::size_t offset) const;
  Result<void> collect();
  Result<void> collect_scalar(const WireField& field);
  Result<void> read_type(const Span& span, PprofValueType& out);
  Result<void> read_mapping(const Span& span);
  Result<void> read_function(const Span& span);
  Result<void> read_location(const Span& span);
  Result<void> read_line(const WireField& field);
  Result<void> read_sample(const Span& span, PprofSample& out);
  Result<void> read_label(const WireField& field, PprofSample& out);
  // take(number) for a repeated number field, packed or not.
  template <typename Take>
  Result<void> each_number(const WireField& field, Take&& take);

  std::string_view bytes_;
  std::size_t budget_ = 0;
  std::size_t intact_samples_ = 0;
  bool has_time_ = false;
  std::vector<Span> type_spans_, mapping_spans_, function_spans_, location_spans_;
  std::vector<std::pair<std::uint64_t, std::size_t>> comment_ids_;  // string index, offset
  Span period_type_span_;
  IdTable mapping_ids_, function_ids_, location_ids_;
};

}  // namespace sonde
