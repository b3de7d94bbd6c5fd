// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff_json.h"

#include <cstddef>
#include <utility>

#include "agent/cli/figures.h"
#include "core/base/version.h"

namespace sonde {
namespace {

class DiffWriter {
 public:
  DiffWriter(const DiffInput& input, const ProfileDiff& diff, const DiffOptions& options)
      : input_(input), diff_(diff), judge_(diff, options.absolute) {}

  [[nodiscard]] Json side(std::size_t which) const {
    const DiffSideFacts& facts = input_.facts.at(which);
    Json out = {{"files", facts.files}, {"samples", facts.all.samples}};
    out["cpu_ns"] = input_.is_cpu_time ? Json(facts.all.cpu_ns) : Json();
    out["duration_s"] = facts.duration_ns == 0 ? Json() : Json(to_seconds(facts.duration_ns));
    out["cores"] =
        has_cores() ? Json(diff_.side(which).all.sum / 1e9 / diff_.side(which).seconds) : Json();
    out["lost"] = facts.lost;
    out["negative_values"] = facts.negative;
    out["whole_share"] = facts.whole_share;
    return out;
  }

  [[nodiscard]] Json entries(const std::vector<DiffEntry>& entries, DiffBy by) const {
    Json out = Json::array();
    for (const DiffEntry& entry : entries) {
      Json item = Json::object();
      if (entry.path.empty()) {
        put_item(item, by, entry.item);
      } else {
        item["path"] = Json::array();
        for (const std::uint32_t function : entry.path) {
          Json call = Json::object();
          put_item(call, DiffBy::kFunction, function);
          item["path"].push_back(std::move(call));
        }
      }
      item["state"] = entry.total[0].samples == 0   ? "new"
                      : entry.total[1].samples == 0 ? "gone"
                                                    : "changed";
      if (entry.path.empty() && by != DiffBy::kProcess) item["self"] = change(entry.self);
      item["total"] = change(entry.total);
      out.push_back(std::move(item));
    }
    return out;
  }

  // Everything of both sides: its share is 1, its cores may change.
  void put_whole(Json& out) const {
    if (!has_cores()) return;
    const Change all = judge_.rate({diff_.side(0).all, diff_.side(1).all});
    out["cores_change"] = all.difference();
    out["cores_sigma"] = all.sigma;
  }

 private:
  [[nodiscard]] bool has_cores() const { return input_.is_cpu_time && judge_.has_rates(); }

  void put_item(Json& out, DiffBy by, std::uint32_t number) const {
    const DiffItem& item = diff_.items(by)[number];
    if (by == DiffBy::kProcess) {
      out["process"] = item.name;
    } else if (by == DiffBy::kImage) {
      out["image"] = item.name;
    } else {
      out["function"] = item.name;
      out["image"] = item.image;
      out["origin"] = to_string(item.origin);
    }
  }

  [[nodiscard]] Json change(const SidePair& sums) const {
    const Change share = judge_.share(sums);
    const Change asked = judge_.change(sums);
    Json out = {{"before_samples", share.samples_before}, {"after_samples", share.samples_after},
                {"before_share", share.before},           {"after_share", share.after},
                {"share_change", share.difference()},     {"share_sigma", share.sigma}};
    if (has_cores()) {
      const Change rate = judge_.rate(sums);
      out["before_cores"] = rate.before;
      out["after_cores"] = rate.after;
      out["cores_change"] = rate.difference();
      out["cores_sigma"] = rate.sigma;
    }
    out["sigmas"] = asked.sigmas();
    out["beyond_error"] = asked.is_beyond(kShownSigmas);
    return out;
  }

  const DiffInput& input_;
  const ProfileDiff& diff_;
  DiffJudge judge_;
};

const char* name_of(DiffBy by) {
  return by == DiffBy::kProcess ? "process" : by == DiffBy::kImage ? "image" : "function";
}

}  // namespace

Json diff_json(const DiffInput& input, const ProfileDiff& diff, const DiffFigures& figures,
               const DiffOptions& options) {
  const DiffWriter writer(input, diff, options);
  const bool total = options.total || options.paths || options.by == DiffBy::kProcess;
  Json out = {{"version", SONDE_VERSION},
              {"mode", options.absolute ? "absolute" : "share"},
              {"by", options.paths ? "path" : name_of(options.by)},
              {"sorted_by", total ? "total" : "self"},
              {"before", writer.side(0)},
              {"after", writer.side(1)}};
  writer.put_whole(out);
  out["compared"] = figures.compared;
  out["beyond_error"] = figures.beyond_error;
  out["changes"] = writer.entries(figures.shown, options.by);
  if (options.fail_above) {
    const DiffBy by = options.paths ? DiffBy::kFunction : options.by;
    out["fail_above"] = *options.fail_above;
    out["grown"] = writer.entries(figures.grown, by);
  }
  return out;
}

}  // namespace sonde
