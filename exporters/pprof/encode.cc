// SPDX-License-Identifier: Apache-2.0
#include "exporters/pprof/encode.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/utf8.h"
#include "core/compress/gzip.h"
#include "exporters/pprof/facts.h"
#include "exporters/proto/pprof.pb.h"

namespace sonde {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kKernelHalf = 1ULL << 63;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

std::int64_t to_int64(std::uint64_t value) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(value, kMax));
}

Error bad_index(const char* what) {
  return Error{ErrorCode::kInvalidArgument, std::string("profile: ") + what + " out of range"};
}

Result<void> check_indices(const SymbolizedProfile& profile) {
  for (const ProfileFrame& frame : profile.frames) {
    if (frame.function >= profile.functions.size()) return bad_index("function of a frame");
    if (frame.image >= profile.images.size()) return bad_index("image of a frame");
  }
  for (const ProfileStack& stack : profile.stacks) {
    if (stack.process >= profile.processes.size()) return bad_index("process of a stack");
    if (stack.stop_image >= profile.images.size()) return bad_index("stop image of a stack");
    for (const std::uint32_t frame : stack.frames) {
      if (frame >= profile.frames.size()) return bad_index("frame of a stack");
    }
  }
  return {};
}

// Fills one message. Lives for one call of encode_pprof.
class Encoder {
 public:
  explicit Encoder(const SymbolizedProfile& profile) : profile_(profile) { intern(""); }

  pprof::Profile take() {
    add_types();
    add_mappings();
    add_functions();
    add_locations();
    add_samples();
    for (const std::string& fact : recording_facts(profile_.meta)) out_.add_comment(intern(fact));
    for (const std::string& fact : frame_facts(profile_.frames)) intern(fact);
    return std::move(out_);
  }

 private:
  std::int64_t intern(std::string_view text) {
    std::string valid = to_valid_utf8(text);
    const auto [at, fresh] =
        strings_.try_emplace(std::move(valid), static_cast<std::int64_t>(strings_.size()));
    if (fresh) out_.add_string_table(at->first);
    return at->second;
  }

  void set_type(pprof::ValueType* type, std::string_view name, std::string_view unit) {
    type->set_type(intern(name));
    type->set_unit(intern(unit));
  }

  void add_types() {
    set_type(out_.add_sample_type(), "samples", "count");
    set_type(out_.add_sample_type(), "cpu", "nanoseconds");
    set_type(out_.mutable_period_type(), "cpu", "nanoseconds");
    out_.set_default_sample_type(intern("cpu"));
    const ProfileMeta& meta = profile_.meta;
    if (meta.rate_hz != 0) out_.set_period(to_int64(kNsPerSecond / meta.rate_hz));
    out_.set_time_nanos(to_int64(meta.begin_ns));
    out_.set_duration_nanos(to_int64(meta.duration_ns));
  }

  // The image index of the executable with most CPU time; 0 if no frame is the process's own.
  [[nodiscard]] std::size_t main_image() const {
    std::vector<std::uint64_t> cpu(profile_.images.size());
    for (const ProfileStack& stack : profile_.stacks) {
      for (auto at = stack.frames.rbegin(); at != stack.frames.rend(); ++at) {
        const ProfileFrame& frame = profile_.frames[*at];
        if (frame.origin != Origin::kOwn || frame.image == 0) continue;
        cpu[frame.image] += stack.cpu_ns;
        break;
      }
    }
    const auto best = std::max_element(cpu.begin(), cpu.end());
    return best == cpu.end() || *best == 0 ? 0 : static_cast<std::size_t>(best - cpu.begin());
  }

  struct Extent {
    std::uint64_t low = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t high = 0;
  };

  void add_mapping(std::size_t image, const Extent& extent) {
    mapping_id_[image] = static_cast<std::uint64_t>(out_.mapping_size()) + 1;
    pprof::Mapping* mapping = out_.add_mapping();
    mapping->set_id(mapping_id_[image]);
    const bool upper_half = extent.low >= kKernelHalf && extent.low <= extent.high;
    mapping->set_memory_start(upper_half ? extent.low & ~(kPage - 1) : 0);
    const std::uint64_t last_page = extent.high & ~(kPage - 1);
    const bool wraps = last_page + kPage == 0;
    mapping->set_memory_limit(wraps ? std::numeric_limits<std::uint64_t>::max()
                                    : last_page + kPage);
    mapping->set_filename(intern(profile_.images[image].path));
    mapping->set_build_id(intern(profile_.images[image].build_id));
    mapping->set_has_functions(true);
  }

  void add_mappings() {
    std::vector<Extent> extents(profile_.images.size());
    for (const ProfileFrame& frame : profile_.frames) {
      Extent& extent = extents[frame.image];
      extent.low = std::min(extent.low, frame.address);
      extent.high = std::max(extent.high, frame.address);
    }
    mapping_id_.assign(profile_.images.size(), 0);
    const std::size_t main = main_image();
    if (main != 0) add_mapping(main, extents[main]);
    for (std::size_t image = 1; image < profile_.images.size(); ++image) {
      if (image != main) add_mapping(image, extents[image]);
    }
  }

  void add_functions() {
    for (std::size_t i = 1; i < profile_.functions.size(); ++i) {
      const ProfileFunction& function = profile_.functions[i];
      pprof::Function* out = out_.add_function();
      out->set_id(i);
      out->set_name(intern(function.name));
      out->set_system_name(
          intern(function.system_name.empty() ? function.name : function.system_name));
    }
  }

  void add_locations() {
    for (std::size_t i = 0; i < profile_.frames.size(); ++i) {
      const ProfileFrame& frame = profile_.frames[i];
      pprof::Location* location = out_.add_location();
      location->set_id(i + 1);
      location->set_mapping_id(mapping_id_[frame.image]);
      location->set_address(frame.address);
      if (frame.function != 0) location->add_line()->set_function_id(frame.function);
    }
  }

  // The path, or `path@build id` where two images share a path.
  std::string image_key(std::uint32_t image) {
    if (path_count_.empty()) {
      for (const ProfileImage& one : profile_.images) ++path_count_[one.path];
    }
    const ProfileImage& one = profile_.images[image];
    return path_count_[one.path] > 1 ? one.path + '@' + one.build_id : one.path;
  }

  void add_label(pprof::Sample* sample, std::string_view key, std::string_view value) {
    if (value.empty()) return;
    pprof::Label* label = sample->add_label();
    label->set_key(intern(key));
    label->set_str(intern(value));
  }

  void add_samples() {
    for (const ProfileStack& stack : profile_.stacks) {
      pprof::Sample* sample = out_.add_sample();
      sample->mutable_location_id()->Reserve(static_cast<int>(stack.frames.size()));
      for (const std::uint32_t frame : stack.frames) sample->add_location_id(frame + 1ULL);
      sample->add_value(to_int64(stack.samples));
      sample->add_value(to_int64(stack.cpu_ns));
      const ProfileProcess& process = profile_.processes[stack.process];
      add_label(sample, "process", process.name);
      pprof::Label* pid = sample->add_label();
      pid->set_key(intern("pid"));
      pid->set_num(process.pid);
      add_label(sample, "stop", stop_name(stack.stop));
      if (stack.stop_image != 0) add_label(sample, "stop_image", image_key(stack.stop_image));
      if (!stack.frames.empty()) {
        add_label(sample, "origin", to_string(profile_.frames[stack.frames.front()].origin));
      }
    }
  }

  const SymbolizedProfile& profile_;
  pprof::Profile out_;
  std::unordered_map<std::string, std::int64_t> strings_;
  std::unordered_map<std::string, std::size_t> path_count_;
  std::vector<std::uint64_t> mapping_id_;  // by image, 0 = none
};

}  // namespace

Result<std::string> encode_pprof(const SymbolizedProfile& profile) {
  if (const auto checked = check_indices(profile); !checked) return checked.error();
  std::string bytes;
  if (!Encoder(profile).take().SerializeToString(&bytes)) {
    return Error{ErrorCode::kResourceExhausted, "pprof: the profile is larger than 2 GiB"};
  }
  return gzip_compress(bytes);
}

}  // namespace sonde
