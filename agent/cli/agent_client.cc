// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_client.h"

#include <utility>

#include "agent/cli/json_fields.h"

namespace sonde {
namespace {

ListenAddress reachable(ListenAddress address) {
  if (address.is_wildcard()) address.ip = address.is_ipv6() ? "::1" : "127.0.0.1";
  return address;
}

}  // namespace

Result<ListenAddress> configured_address(const ConfigFlags& flags) {
  const LoadedConfig loaded = load_config(config_sources(flags));
  if (!loaded.config) {
    std::string all;
    for (const std::string& problem : loaded.problems) all += (all.empty() ? "" : "\n") + problem;
    return Error{ErrorCode::kInvalidArgument, all};
  }
  if (loaded.config->listen.port == 0) {
    return Error{ErrorCode::kInvalidArgument,
                 "the configuration lets the agent choose its port: --listen ADDRESS says which"};
  }
  return loaded.config->listen;
}

AgentClient::AgentClient(ListenAddress address, HttpLimits limits)
    : address_(reachable(std::move(address))), http_(limits) {}

Result<Json> AgentClient::get(std::string_view path) {
  return json_of(http_.get(url() + "/api/v1" + std::string(path)));
}

Result<Json> AgentClient::post(std::string_view path) {
  return json_of(http_.post(url() + "/api/v1" + std::string(path), "X-Sonde-Request: sonde"));
}

Result<Json> AgentClient::json_of(const Result<HttpAnswer>& answer) const {
  if (!answer) {
    if (answer.error().code != ErrorCode::kUnavailable) return answer.error().with_context(url());
    return Error{ErrorCode::kUnavailable,
                 "sonde is not running (no answer on " + address_.text() + ")"};
  }
  constexpr int kOk = 200;
  auto json = parse_json(answer->body);
  const std::string words = json ? text_in(*json, "error") : "";
  if (answer->status != kOk && !words.empty()) {
    return Error{ErrorCode::kUnknown,
                 url() + ": " + words + " (HTTP " + std::to_string(answer->status) + ")"};
  }
  // Every answer of the API has its version.
  if (answer->status != kOk || !json || count_in(*json, "v") == 0) {
    return Error{ErrorCode::kFailedPrecondition, "what answers on " + address_.text() +
                                                     " is no sonde agent (HTTP " +
                                                     std::to_string(answer->status) + ")"};
  }
  return *std::move(json);
}

}  // namespace sonde
