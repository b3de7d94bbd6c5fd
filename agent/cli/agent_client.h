// SPDX-License-Identifier: Apache-2.0
// A running agent, asked over its HTTP interface (docs/api.md) at the address that its
// configuration has.
#pragma once

#include <string>
#include <string_view>

#include "agent/config/listen_address.h"
#include "agent/config/load.h"
#include "core/base/json.h"
#include "core/base/result.h"
#include "core/net/http_client.h"

namespace sonde {

// Where the configuration says that the agent listens. errors: kInvalidArgument (it is wrong, or
// lets the agent choose).
Result<ListenAddress> configured_address(const ConfigFlags& flags);

// Thread-confined.
class AgentClient {
 public:
  // address  where the agent listens; a wildcard is asked at loopback.
  explicit AgentClient(ListenAddress address, HttpLimits limits = {});

  // `http://127.0.0.1:7663`
  [[nodiscard]] std::string url() const { return "http://" + address_.text(); }

  // The JSON of `path` below /api/v1, such as `/status`.
  //
  // errors  kUnavailable         nobody answers: `sonde is not running (no answer on ADDRESS)`
  //         kFailedPrecondition  who answers is no sonde
  //         others               what the agent says, in its words
  // cost    waiting, up to the limits
  Result<Json> get(std::string_view path);
  // The same for what changes something.
  Result<Json> post(std::string_view path);

 private:
  [[nodiscard]] Result<Json> json_of(const Result<HttpAnswer>& answer) const;

  ListenAddress address_;
  HttpClient http_;
};

}  // namespace sonde
