// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/boost.h"

#include <fmt/format.h>

#include "agent/cli/agent_client.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/figures.h"
#include "agent/cli/json_fields.h"
#include "agent/cli/text.h"
#include "core/base/file.h"
#include "core/net/http_client.h"

namespace sonde {
std::string boost_request(const BoostOptions& options) {
  if (options.end) return "/boost/end?id=" + std::to_string(*options.end);
  return "/boost?match=" + percent_encoded(options.match) +
         "&for=" + std::to_string(options.time.count());
}

std::string render_boost(const BoostOptions& options, const Json& answer, const Pen& pen) {
  if (options.end) return "boost " + std::to_string(*options.end) + " has ended\n";
  const Json& boost = object_in(answer, "boost");
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  const auto time_ns = static_cast<std::uint64_t>(options.time.count()) * kNsPerSecond;
  return fmt::format("boost {}: {} at {} Hz for {}; sonde boost --end {} ends it\n",
                     count_in(boost, "id"), pen.name(text_in(boost, "match")),
                     count_in(boost, "rate"), format_duration(time_ns), count_in(boost, "id"));
}

int run_boost(const BoostOptions& options) {
  const auto address = configured_address(options.config);
  if (!address) return fail(kExitError, address.error().message);
  AgentClient client(*address);
  const auto answer = client.post(boost_request(options));
  if (!answer) return fail(kExitError, answer.error().message);
  const Pen pen(detect_terminal(1, options.colour));
  const std::string text =
      options.json ? json_text(*answer) + "\n" : render_boost(options, *answer, pen);
  if (const auto written = write_all(1, text); !written) {
    return fail(kExitError, "cannot write to stdout: " + written.error().message);
  }
  return kExitOk;
}

}  // namespace sonde
