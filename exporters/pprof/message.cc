// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/message.h"

namespace sonde {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

}  // namespace

Error PprofMessage::damaged(std::size_t offset, const std::string& what) const {
  return Error{ErrorCode::kInvalidArgument, "byte " + number(offset) + ": " + what};
}

Result<void> PprofMessage::charge(std::size_t bytes) {
  if (bytes > budget_) {
    return Error{ErrorCode::kOutOfRange, "the profile needs more memory than the limit"};
  }
  budget_ -= bytes;
  return {};
}

Result<std::string_view> PprofMessage::string_at(std::uint64_t index, std::size_t offset) const {
  if (index >= strings.size()) {
    return damaged(offset, "string " + number(index) + " does not exist (there are " +
                               number(strings.size()) + ")");
  }
  return strings[static_cast<std::size_t>(index)];
}

template <typename Take>
Result<void> PprofMessage::each_number(const WireField& field, Take&& take) {
  if (field.type == WireType::kVarint) return take(field.value);
  if (field.type != WireType::kBytes) {
    return damaged(field.offset, "field " + number(field.number) + " has the wrong wire type");
  }
  WireReader reader(field.payload, field.payload_offset);
  std::uint64_t value = 0;
  while (reader.next_varint(value)) {
    if (auto taken = take(value); !taken) return taken;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  return {};
}

Result<void> PprofMessage::collect_scalar(const WireField& field) {
  const auto value = static_cast<std::int64_t>(field.value);
  if (field.number == 9) {
    if (has_time_) {
      return damaged(field.offset, "a second time stamp: several profiles were concatenated");
    }
    has_time_ = true;
    time_nanos = value;
  }
  if (field.number == 10) duration_nanos = value;
  if (field.number == 12) period = value;
  return {};
}

// First pass: the top level. Strings and the places of the submessages; samples are counted.
Result<void> PprofMessage::collect() {
  WireReader reader(bytes_);
  WireField field;
  while (reader.next(field)) {
    const bool message = field.number <= 6 || field.number == 11;
    if (message && field.type != WireType::kBytes) {
      return damaged(field.offset, "field " + number(field.number) + " has the wrong wire type");
    }
    const Span span{field.payload, field.payload_offset};
    Result<void> taken;
    switch (field.number) {
      case 1:
        type_spans_.push_back(span);
        break;
      case 2:
        ++intact_samples_;
        continue;
      case 3:
        mapping_spans_.push_back(span);
        break;
      case 4:
        location_spans_.push_back(span);
        break;
      case 5:
        function_spans_.push_back(span);
        break;
      case 6:
        strings.push_back(field.payload);
        break;
      case 11:
        period_type_span_ = span;
        break;
      case 13:
        taken = each_number(field, [&](std::uint64_t index) {
          comment_ids_.emplace_back(index, field.offset);
          return charge(sizeof(comment_ids_[0]) * 2);
        });
        break;
      default:
        taken = collect_scalar(field);
        break;
    }
    if (taken) taken = charge(2 * sizeof(Span));
    if (!taken) return taken;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  return {};
}

Result<void> PprofMessage::read_type(const Span& span, PprofValueType& out) {
  WireReader reader(span.bytes, span.offset);
  WireField field;
  while (reader.next(field)) {
    if (field.number != 1 && field.number != 2) continue;
    const auto text = string_at(field.value, field.offset);
    if (!text) return text.error();
    (field.number == 1 ? out.type : out.unit) = *text;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  return {};
}

Result<void> PprofMessage::read_mapping(const Span& span) {
  PprofMapping mapping;
  std::uint64_t id = 0;
  WireReader reader(span.bytes, span.offset);
  WireField field;
  while (reader.next(field)) {
    if (field.number == 1) id = field.value;
    if (field.number == 2) mapping.start = field.value;
    if (field.number == 4) mapping.offset = field.value;
    if (field.number != 5 && field.number != 6) continue;
    const auto text = string_at(field.value, field.offset);
    if (!text) return text.error();
    (field.number == 5 ? mapping.filename : mapping.build_id) = *text;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  if (!mapping_ids_.add(id)) {
    return damaged(span.offset, "mapping id " + number(id) + " is zero or used twice");
  }
  mappings.push_back(mapping);
  return charge(2 * sizeof(mapping));
}

Result<void> PprofMessage::read_function(const Span& span) {
  PprofFunction function;
  std::uint64_t id = 0;
  WireReader reader(span.bytes, span.offset);
  WireField field;
  while (reader.next(field)) {
    if (field.number == 1) id = field.value;
    if (field.number < 2 || field.number > 4) continue;
    const auto text = string_at(field.value, field.offset);
    if (!text) return text.error();
    if (field.number == 2) function.name = *text;
    if (field.number == 3) function.system_name = *text;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  if (!function_ids_.add(id)) {
    return damaged(span.offset, "function id " + number(id) + " is zero or used twice");
  }
  functions.push_back(function);
  return charge(2 * sizeof(function));
}

Result<void> PprofMessage::read_line(const WireField& line) {
  if (line.type != WireType::kBytes) {
    return damaged(line.offset, "a line has the wrong wire type");
  }
  std::uint64_t id = 0;
  WireReader reader(line.payload, line.payload_offset);
  WireField field;
  while (reader.next(field)) {
    if (field.number == 1) id = field.value;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  const auto function = function_ids_.find(id);
  if (!function) {
    return damaged(line.offset,
                   "a line refers to function " + number(id) + ", which does not exist");
  }
  lines.push_back(*function);
  return charge(2 * sizeof(*function));
}

Result<void> PprofMessage::read_location(const Span& span) {
  PprofLocation location;
  location.first_line = static_cast<std::uint32_t>(lines.size());
  std::uint64_t id = 0;
  std::uint64_t mapping = 0;
  WireReader reader(span.bytes, span.offset);
  WireField field;
  while (reader.next(field)) {
    if (field.number == 1) id = field.value;
    if (field.number == 2) mapping = field.value;
    if (field.number == 3) location.address = field.value;
    if (field.number != 4) continue;
    if (auto line = read_line(field); !line) return line;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  location.line_count = static_cast<std::uint32_t>(lines.size()) - location.first_line;
  if (mapping != 0) {
    const auto position = mapping_ids_.find(mapping);
    if (!position) {
      return damaged(span.offset,
                     "location refers to mapping " + number(mapping) + ", which does not exist");
    }
    location.mapping = *position + 1;
  }
  if (!location_ids_.add(id)) {
    return damaged(span.offset, "location id " + number(id) + " is zero or used twice");
  }
  locations.push_back(location);
  return charge(2 * sizeof(location));
}

Result<void> PprofMessage::read_tables(std::string_view bytes, std::size_t max_memory_bytes) {
  bytes_ = bytes;
  budget_ = max_memory_bytes;
  auto done = collect();
  if (!done) return done;
  if (strings.empty()) return damaged(bytes.size(), "no string table: not a pprof profile");
  if (!strings.front().empty()) {
    return damaged(static_cast<std::size_t>(strings.front().data() - bytes.data()),
                   "the first string is not empty: not a pprof profile");
  }
  for (const Span& span : type_spans_) {
    if (done = read_type(span, types.emplace_back()); !done) return done;
  }
  if (done = read_type(period_type_span_, period_type); !done) return done;
  for (const auto& [index, offset] : comment_ids_) {
    const auto text = string_at(index, offset);
    if (!text) return text.error();
    comments.push_back(*text);
  }
  for (const Span& span : mapping_spans_) {
    if (done = read_mapping(span); !done) return done;
  }
  for (const Span& span : function_spans_) {
    if (done = read_function(span); !done) return done;
  }
  for (const Span& span : location_spans_) {
    if (done = read_location(span); !done) return done;
  }
  if (types.empty() && intact_samples_ > 0) return damaged(0, "samples without a sample type");
  return {};
}

Result<void> PprofMessage::read_label(const WireField& label, PprofSample& out) {
  if (label.type != WireType::kBytes)
    return damaged(label.offset, "a label has the wrong wire type");
  std::string_view key;
  std::string_view text;
  std::uint64_t value = 0;
  WireReader reader(label.payload, label.payload_offset);
  WireField field;
  while (reader.next(field)) {
    if (field.number == 3) value = field.value;
    if (field.number != 1 && field.number != 2) continue;
    const auto read = string_at(field.value, field.offset);
    if (!read) return read.error();
    (field.number == 1 ? key : text) = *read;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  if (key == "process") out.process = text;
  if ((key == "comm" || key == "process_name") && out.process.empty()) out.process = text;
  if (key == "stop") out.stop = text;
  if (key == "stop_image") out.stop_image = text;
  if (key == "origin") out.origin = text;
  if (key == "pid") out.pid = value;
  return {};
}

Result<void> PprofMessage::read_sample(const Span& span, PprofSample& out) {
  out.locations.clear();
  out.values.clear();
  out.process = out.stop = out.stop_image = out.origin = {};
  out.pid = 0;
  WireReader reader(span.bytes, span.offset);
  WireField field;
  while (reader.next(field)) {
    Result<void> taken;
    if (field.number == 1) {
      taken = each_number(field, [&](std::uint64_t id) -> Result<void> {
        const auto position = location_ids_.find(id);
        if (!position) {
          return damaged(field.offset,
                         "a sample refers to location " + number(id) + ", which does not exist");
        }
        if (out.locations.size() * 2 * sizeof(*position) >= budget_) return charge(budget_ + 1);
        out.locations.push_back(*position);
        return {};
      });
    } else if (field.number == 2) {
      taken = each_number(field, [&](std::uint64_t value) -> Result<void> {
        if (out.values.size() > types.size()) return {};  // the count is refused below
        out.values.push_back(static_cast<std::int64_t>(value));
        return {};
      });
    } else if (field.number == 3) {
      taken = read_label(field, out);
    }
    if (!taken) return taken;
  }
  if (reader.failed()) return damaged(reader.offset(), reader.what());
  if (out.values.size() != types.size()) {
    return damaged(span.offset, "a sample needs one value for each of the " + number(types.size()) +
                                    " sample types");
  }
  return {};
}

Result<void> PprofMessage::for_each_sample(
    const std::function<Result<void>(const PprofSample&)>& take) {
  PprofSample sample;
  WireReader reader(bytes_);
  WireField field;
  intact_samples_ = 0;
  while (reader.next(field)) {
    if (field.number != 2) continue;
    auto done = read_sample({field.payload, field.payload_offset}, sample);
    if (done) done = take(sample);
    if (!done) return done;
    ++intact_samples_;
  }
  return {};
}

}  // namespace sonde
