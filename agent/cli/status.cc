// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/status.h"

#include "agent/cli/agent_client.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::string_view kHealthPath = "/health?from=-15m&to=now";

Result<AgentAnswers> ask(const ListenAddress& address) {
  AgentClient client(address);
  auto status = client.get("/status");
  if (!status) return status.error();
  auto health = client.get(kHealthPath);
  if (!health) return health.error();
  return AgentAnswers{client.url(), *std::move(status), *std::move(health)};
}

std::string json_of(const Result<AgentAnswers>& agent) {
  if (!agent) return json_text({{"running", false}, {"error", agent.error().message}}) + "\n";
  return json_text({{"running", true},
                    {"url", agent->url},
                    {"exit_code", static_cast<int>(exit_code_of(*agent))},
                    {"status", agent->status},
                    {"health", agent->health}}) +
         "\n";
}

}  // namespace

int run_status(const StatusOptions& options) {
  const auto address = configured_address(options.config);
  if (!address) return fail(kExitError, address.error().message);
  const auto agent = ask(*address);
  const Pen pen(detect_terminal(1, options.colour));
  const std::string text = options.json ? json_of(agent) : agent ? render_status(*agent, pen) : "";
  if (const auto written = write_all(1, text); !written) {
    return fail(kExitError, "cannot write to stdout: " + written.error().message);
  }
  return agent ? exit_code_of(*agent) : fail(kExitError, agent.error().message);
}

}  // namespace sonde
