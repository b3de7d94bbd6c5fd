// SPDX-License-Identifier: Apache-2.0
// Against the agent's own server.
#include "agent/cli/agent_client.h"

#include <gtest/gtest.h>

#include <memory>

#include "agent/cli/json_fields.h"
#include "agent/web/http_server.h"

namespace sonde {
namespace {

std::unique_ptr<HttpServer> server_of(int status, std::string body) {
  auto server = HttpServer::start(ListenAddress{}, [=](const HttpRequest& request) {
    if (request.path != "/api/v1/status") return HttpResponse{.status = 404};
    return HttpResponse{.status = status, .body = body};
  });
  EXPECT_TRUE(server.ok());
  return *std::move(server);
}

TEST(AgentClientTest, TheAnswerOfAnAgentIsItsJson) {
  const auto server = server_of(200, R"({"v":1,"host":"web-7"})");
  const auto answer = AgentClient(server->address()).get("/status");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(text_in(*answer, "host"), "web-7");
}

TEST(AgentClientTest, AWildcardIsAskedAtLoopback) {
  const auto server = server_of(200, R"({"v":1})");
  AgentClient client({"0.0.0.0", server->address().port});
  EXPECT_TRUE(client.get("/status").ok());
  EXPECT_EQ(client.url(), "http://" + server->address().text());
  EXPECT_EQ(AgentClient({"::", 80}).url(), "http://[::1]:80");
}

TEST(AgentClientTest, WithoutAnAgentItIsNotRunning) {
  const ListenAddress address = server_of(200, "")->address();
  const auto answer = AgentClient(address).get("/status");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(answer.error().message, "sonde is not running (no answer on " + address.text() + ")");
}

TEST(AgentClientTest, AnotherProgramIsNoAgent) {
  for (const auto& [status, body] : std::initializer_list<std::pair<int, const char*>>{
           {200, "<html>"}, {200, R"({"status":"ok"})"}, {200, "[]"}, {404, "gone"}, {200, ""}}) {
    const auto server = server_of(status, body);
    const auto answer = AgentClient(server->address()).get("/status");
    ASSERT_FALSE(answer.ok()) << body;
    EXPECT_EQ(answer.error().code, ErrorCode::kFailedPrecondition) << body;
    EXPECT_EQ(answer.error().message, "what answers on " + server->address().text() +
                                          " is no sonde agent (HTTP " + std::to_string(status) +
                                          ")");
  }
}

TEST(AgentClientTest, WhatTheAgentRefusesIsToldInItsWords) {
  const auto server = server_of(503, R"({"error":"two others are being made"})");
  const auto answer = AgentClient(server->address()).get("/status");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().message,
            "http://" + server->address().text() + ": two others are being made (HTTP 503)");
}

}  // namespace
}  // namespace sonde
