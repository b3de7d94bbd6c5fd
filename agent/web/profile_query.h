// SPDX-License-Identifier: Apache-2.0
// What the API is asked for, from the text behind the question mark: nothing is left to be checked
// but whether there is such data. Stateless, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/web/selection_query.h"
#include "core/base/result.h"

namespace sonde {

enum class ProfileFormat : std::uint8_t { kJson, kFolded, kPprof, kSvg, kHtml, kSpeedscope };

// `GET /api/v1/profile`; without any parameter everything of the last 5 minutes, the open window
// included.
struct ProfileQuery : SelectionQuery {  // its conditions: those of `match`, then each `f`
  ProfileFormat format = ProfileFormat::kJson;
};

// query   `type=cpu&from=-5m&to=now&match={service="checkout"}&f=pod%3Da&format=json`,
//         percent-encoded, in any order.
// errors  kInvalidArgument, kOutOfRange, with the parameter in front.
Result<ProfileQuery> parse_profile_query(std::string_view query, std::int64_t now_ns);

// A function as URLs name it: `NAME@IMAGE`, or `NAME` of any image.
struct FrameName {
  std::string name;
  std::optional<std::string> image;

  bool operator==(const FrameName&) const = default;
};

// `GET /api/v1/flame`, the same without parameters.
struct FlameQuery : SelectionQuery {             // its range: B, where two ranges are compared
  std::optional<TimeRange> before;               // A (afrom, ato)
  std::vector<std::string> group = {"process"};  // `g`: rows above the frames; `none` is no row
  std::vector<FrameName> root;                   // only what is below this path of frames
  std::size_t max_nodes = 120'000;
  bool live = false;  // the open window may be shown before it is full
};

// query   `from=-15m&f=container%3Dcheckout&g=service,pod&root=a%40libc.so.6%2Fb&max=120000`; names
//         and images in `root` are encoded once more, so that `/` and `@` may be parts of them.
// errors  as parse_profile_query.
Result<FlameQuery> parse_flame_query(std::string_view query, std::int64_t now_ns);

}  // namespace sonde
