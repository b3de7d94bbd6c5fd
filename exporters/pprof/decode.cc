// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/decode.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/compress/gzip.h"
#include "exporters/pprof/facts.h"
#include "exporters/pprof/foreign.h"
#include "exporters/pprof/message.h"

namespace sonde {
namespace {

std::uint64_t positive(std::int64_t value) {
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

// Builds the model from the tables. Lives for one call of decode_pprof.
class Builder {
 public:
  explicit Builder(PprofMessage& message) : message_(message) {}

  Result<SymbolizedProfile> build() {
    for (const std::string_view comment : message_.comments) facts_.add(comment);
    for (const std::string_view text : message_.strings) {
      if (text.starts_with("sonde.")) facts_.add(text);
    }
    auto done = add_images();
    if (done) done = add_functions();
    if (done) done = add_frames();
    if (!done) return done.error();
    add_meta();
    choice_ = choose_values(message_.types);
    note_value_type();
    done = message_.for_each_sample([this](const PprofSample& sample) { return add(sample); });
    if (!done) return done.error();
    return std::move(out_);
  }

 private:
  Result<void> add_images() {
    for (const PprofMapping& mapping : message_.mappings) {
      auto paid = message_.charge(
          4 * (sizeof(ProfileImage) + mapping.filename.size() + mapping.build_id.size()));
      if (!paid) return paid;
      out_.images.push_back({std::string(mapping.filename), std::string(mapping.build_id)});
    }
    return {};
  }

  Result<void> add_functions() {
    for (const PprofFunction& function : message_.functions) {
      const bool same = function.system_name == function.name;
      auto paid = message_.charge(2 * sizeof(ProfileFunction) + function.name.size() +
                                  function.system_name.size());
      if (!paid) return paid;
      out_.functions.push_back(
          {std::string(function.name), same ? std::string() : std::string(function.system_name)});
    }
    return {};
  }

  // Address as an offset in the file, where the mapping says how.
  [[nodiscard]] std::uint64_t file_address(const PprofLocation& location) const {
    if (location.mapping == 0) return location.address;
    const PprofMapping& mapping = message_.mappings[location.mapping - 1];
    const bool kernel = origin_of_path(mapping.filename) == Origin::kKernel;
    if (kernel || mapping.start == 0 || location.address < mapping.start) return location.address;
    return facts_.written_by_sonde() ? location.address
                                     : location.address - mapping.start + mapping.offset;
  }

  Result<void> add_frames() {
    first_frame_.reserve(message_.locations.size() + 1);
    for (const PprofLocation& location : message_.locations) {
      first_frame_.push_back(static_cast<std::uint32_t>(out_.frames.size()));
      ProfileFrame frame;
      frame.image = location.mapping;
      frame.address = file_address(location);
      const std::size_t count = std::max<std::size_t>(location.line_count, 1);
      if (auto paid = message_.charge(2 * count * sizeof(frame)); !paid) return paid;
      for (std::size_t i = 0; i < count; ++i) {
        frame.function = location.line_count == 0 ? 0 : message_.lines[location.first_line + i] + 1;
        out_.frames.push_back(frame);
      }
    }
    first_frame_.push_back(static_cast<std::uint32_t>(out_.frames.size()));
    const bool one_each = out_.frames.size() == message_.locations.size();
    exact_ = facts_.written_by_sonde() && one_each && facts_.apply(out_.frames);
    return exact_ ? Result<void>() : guess_frames();
  }

  Result<void> guess_frames() {
    std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> unnamed;
    for (ProfileFrame& frame : out_.frames) {
      const std::string& path = out_.images[frame.image].path;
      frame.origin = origin_of_path(path);
      if (frame.function != 0) continue;
      frame.origin = Origin::kUnresolved;
      frame.reason = "no_symbols";
      const auto [at, fresh] = unnamed.try_emplace({frame.image, frame.address}, 0);
      if (fresh) {
        at->second = static_cast<std::uint32_t>(out_.functions.size());
        ProfileFunction function{unresolved_name(path, frame.address), {}};
        auto paid = message_.charge(4 * sizeof(function) + function.name.size());
        if (!paid) return paid;
        out_.functions.push_back(std::move(function));
      }
      frame.function = at->second;
    }
    return {};
  }

  void add_meta() {
    out_.meta = facts_.meta();
    out_.meta.begin_ns = positive(message_.time_nanos);
    out_.meta.duration_ns = positive(message_.duration_nanos);
    if (message_.period_type.unit == "nanoseconds") period_ns_ = positive(message_.period);
    if (!facts_.written_by_sonde() && period_ns_ != 0) {
      out_.meta.rate_hz = static_cast<std::uint32_t>(1'000'000'000 / period_ns_);
    }
  }

  void note_value_type() {
    int used = choice_.nanoseconds >= 0 ? choice_.nanoseconds : choice_.other;
    if (used < 0 && period_ns_ == 0) used = choice_.count;
    if (used < 0) return;
    const PprofValueType& type = message_.types[static_cast<std::size_t>(used)];
    if (type.type == "cpu" && type.unit == "nanoseconds") return;
    constexpr std::size_t kMaxText = 64;
    out_.meta.notes["value_type:" + std::string(type.type.substr(0, kMaxText)) + '/' +
                    std::string(type.unit.substr(0, kMaxText))] = 1;
  }

  // Fills samples and cpu_ns. False: a value is negative.
  bool set_values(const PprofSample& sample, ProfileStack& stack) const {
    const auto at = [&sample](int index) { return sample.values[static_cast<std::size_t>(index)]; };
    for (const int index : {choice_.count, choice_.nanoseconds, choice_.other}) {
      if (index >= 0 && at(index) < 0) return false;
    }
    if (choice_.other >= 0) {
      stack.samples = stack.cpu_ns = positive(at(choice_.other));
      return true;
    }
    if (choice_.nanoseconds >= 0) stack.cpu_ns = positive(at(choice_.nanoseconds));
    if (choice_.count >= 0) {
      stack.samples = positive(at(choice_.count));
    } else if (stack.cpu_ns != 0) {
      stack.samples = period_ns_ == 0 ? 1
                                      : std::max<std::uint64_t>(
                                            1, (stack.cpu_ns + period_ns_ / 2) / period_ns_);
    }
    if (choice_.nanoseconds < 0) {
      const std::uint64_t period = std::max<std::uint64_t>(period_ns_, 1);
      const bool fits = stack.samples <= std::numeric_limits<std::uint64_t>::max() / period;
      stack.cpu_ns = fits ? stack.samples * period : std::numeric_limits<std::uint64_t>::max();
    }
    return true;
  }

  Result<std::uint32_t> process_of(const PprofSample& sample) {
    std::string_view name = sample.process;
    if (name.empty() && !exact_ && !message_.mappings.empty()) {
      name = base_name(message_.mappings.front().filename);
    }
    const auto pid = static_cast<std::uint32_t>(sample.pid);
    const auto [at, fresh] = processes_.try_emplace({name, pid}, 0);
    if (fresh) {
      at->second = static_cast<std::uint32_t>(out_.processes.size());
      if (auto paid = message_.charge(4 * sizeof(ProfileProcess) + name.size()); !paid) {
        return paid.error();
      }
      out_.processes.push_back({pid, std::string(name)});
    }
    return at->second;
  }

  // The image that encode_pprof named with its path, or `path@build id`; 0 if there is none.
  std::uint32_t image_of_key(std::string_view key) {
    if (image_keys_.empty()) {
      for (std::size_t i = 1; i < out_.images.size(); ++i) {
        const ProfileImage& image = out_.images[i];
        image_keys_.try_emplace(image.path, static_cast<std::uint32_t>(i));
        image_keys_.try_emplace(image.path + '@' + image.build_id, static_cast<std::uint32_t>(i));
      }
    }
    const auto at = image_keys_.find(std::string(key));
    return at == image_keys_.end() ? 0 : at->second;
  }

  void set_leaf_origin(std::string_view name, const ProfileStack& stack) {
    if (exact_ || name.empty() || stack.frames.empty()) return;
    for (const Origin origin :
         {Origin::kOwn, Origin::kLibrary, Origin::kKernel, Origin::kJit, Origin::kUnresolved}) {
      if (name == to_string(origin)) out_.frames[stack.frames.front()].origin = origin;
    }
  }

  Result<void> add(const PprofSample& sample) {
    ProfileStack stack;
    if (!set_values(sample, stack)) {
      ++out_.meta.notes["negative_values"];
      return {};
    }
    auto process = process_of(sample);
    if (!process) return process.error();
    stack.process = *process;
    if (!sample.stop.empty()) stack.stop = stop_from_name(std::string(sample.stop));
    if (!sample.stop_image.empty()) stack.stop_image = image_of_key(sample.stop_image);
    for (const std::uint32_t location : sample.locations) {
      for (std::uint32_t i = first_frame_[location]; i < first_frame_[location + 1]; ++i) {
        stack.frames.push_back(i);
      }
      // Charged as it grows: one location may stand for many inlined frames.
      const std::size_t grown = first_frame_[location + 1] - first_frame_[location];
      if (auto paid = message_.charge(grown * 2 * sizeof(std::uint32_t)); !paid) return paid;
    }
    stack.frames.shrink_to_fit();
    set_leaf_origin(sample.origin, stack);
    out_.stacks.push_back(std::move(stack));
    return message_.charge(2 * sizeof(ProfileStack));
  }

  PprofMessage& message_;
  SymbolizedProfile out_;
  ProfileFacts facts_;
  bool exact_ = false;  // the facts gave origin and reason of every frame
  ValueChoice choice_;
  std::uint64_t period_ns_ = 0;
  std::vector<std::uint32_t> first_frame_;  // by location; one past the end at the back
  std::map<std::pair<std::string_view, std::uint32_t>, std::uint32_t> processes_;
  std::unordered_map<std::string, std::uint32_t> image_keys_;
};

Error with_place(const Error& error, const PprofMessage& message, bool gzip) {
  Error out = error;
  out.message += gzip ? " (position in the uncompressed profile; " : " (";
  out.message += std::to_string(message.intact_samples()) + " samples before it are intact)";
  return out;
}

// Damaged gzip: says how much of the profile in front of the damage can be walked.
Error broken_gzip(const Error& error, const std::string& partial, const PprofLimits& limits) {
  PprofMessage message;
  const auto ignored = message.read_tables(partial, limits.max_memory_bytes);
  static_cast<void>(ignored.ok());
  Error out = error.with_context("gzip");
  out.message += " (" + std::to_string(partial.size()) + " bytes of the profile with " +
                 std::to_string(message.intact_samples()) + " whole samples come before it)";
  return out;
}

}  // namespace

Result<SymbolizedProfile> decode_pprof(std::string_view bytes, const PprofLimits& limits) {
  const bool gzip = looks_like_gzip(bytes);
  std::string unpacked;
  if (gzip) {
    std::string partial;
    auto plain = gzip_salvage(bytes, limits.max_bytes, partial);
    if (!plain) return broken_gzip(plain.error(), partial, limits);
    unpacked = std::move(*plain);
    bytes = unpacked;
  } else if (bytes.size() > limits.max_bytes) {
    return Error{ErrorCode::kOutOfRange, "the profile is larger than the limit"};
  }
  PprofMessage message;
  if (const auto read = message.read_tables(bytes, limits.max_memory_bytes); !read) {
    return with_place(read.error(), message, gzip);
  }
  auto profile = Builder(message).build();
  if (!profile) return with_place(profile.error(), message, gzip);
  return profile;
}

}  // namespace sonde
