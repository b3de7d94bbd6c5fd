// SPDX-License-Identifier: Apache-2.0
// Against the agent's own server, and against sockets that say what no server should.
#include "core/net/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "agent/web/http_server.h"
#include "core/base/fd.h"
#include "core/compress/gzip.h"

namespace sonde {
namespace {

using std::chrono::milliseconds;

// Listens on a port of its own; each client gets `answer`, then its connection is kept or closed.
class RawServer {
 public:
  explicit RawServer(std::string answer, bool keeps = false)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(name);
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    EXPECT_EQ(::bind(fd_.get(), address, size), 0);
    EXPECT_EQ(::listen(fd_.get(), 4), 0);
    EXPECT_EQ(::getsockname(fd_.get(), address, &size), 0);
    port_ = ntohs(name.sin_port);
    thread_ = std::thread([this, answer = std::move(answer), keeps] { serve(answer, keeps); });
  }
  ~RawServer() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve(const std::string& answer, bool keeps) {
    UniqueFd kept;
    while (true) {
      UniqueFd client(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) return;
      std::array<char, 4096> question{};
      (void)!::recv(client.get(), question.data(), question.size(), 0);
      (void)!::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      if (keeps) kept = std::move(client);
    }
  }

  UniqueFd fd_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::unique_ptr<HttpServer> server_of(const HttpHandler& handler) {
  auto server = HttpServer::start(ListenAddress{}, handler);
  EXPECT_TRUE(server.ok());
  return *std::move(server);
}

std::string url_of(const HttpServer& server) { return "http://" + server.address().text(); }

TEST(HttpClientTest, AnyStatusIsAnAnswer) {
  const auto server = server_of([](const HttpRequest& request) {
    return HttpResponse{.status = request.path == "/there" ? 200 : 404, .body = request.path};
  });
  HttpClient client;
  const auto there = client.get(url_of(*server) + "/there");
  ASSERT_TRUE(there.ok()) << there.error().message;
  EXPECT_EQ(there->status, 200);
  EXPECT_EQ(there->body, "/there");
  EXPECT_EQ(client.get(url_of(*server) + "/gone")->status, 404);
}

TEST(HttpClientTest, OneConnectionServesManyQuestions) {
  const auto server = server_of([](const HttpRequest&) { return HttpResponse{.body = "x"}; });
  HttpClient client;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.get(url_of(*server) + "/").ok());
  EXPECT_EQ(server->counts().accepted, 1U);
}

TEST(HttpClientTest, WhereNobodyListensIsUnavailable) {
  std::string url;
  {
    const RawServer gone("");
    url = gone.url();
  }
  const auto answer = HttpClient().get(url);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
}

TEST(HttpClientTest, WhatIsNoHttpIsUnavailable) {
  const RawServer server("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(HttpClient().get(server.url()).error().code, ErrorCode::kUnavailable);
  const RawServer silent("");
  EXPECT_EQ(HttpClient().get(silent.url()).error().code, ErrorCode::kUnavailable);
}

TEST(HttpClientTest, AnAnswerThatDoesNotComeIsGivenUp) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", true);
  HttpClient client({.total = milliseconds(200)});
  const auto answer = client.get(server.url());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, ErrorCode::kDeadlineExceeded);
}

TEST(HttpClientTest, AHalfAnswerIsNone) {
  const RawServer server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_FALSE(HttpClient().get(server.url()).ok());
}

TEST(HttpClientTest, AnAnswerLargerThanTheLimitIsRefusedAlsoWhenItIsPacked) {
  const auto server = server_of([](const HttpRequest& request) {
    const std::string body(request.path.starts_with("/fits") ? 1'000 : 1'001, 'x');
    if (!request.path.ends_with("packed")) return HttpResponse{.body = body};
    return HttpResponse{.body = *gzip_compress(body), .headers = {{"Content-Encoding", "gzip"}}};
  });
  HttpClient client({.max_bytes = 1'000});
  for (const char* path : {"/fits", "/fits-packed"}) {
    const auto answer = client.get(url_of(*server) + path);
    ASSERT_TRUE(answer.ok()) << path << ": " << answer.error().message;
    EXPECT_EQ(answer->body, std::string(1'000, 'x'));
  }
  for (const char* path : {"/over", "/over-packed"}) {
    const auto answer = client.get(url_of(*server) + path);
    ASSERT_FALSE(answer.ok()) << path;
    EXPECT_EQ(answer.error().code, ErrorCode::kResourceExhausted);
  }
}

TEST(HttpClientTest, RedirectsAreAnswersToo) {
  const RawServer server(
      "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(HttpClient().get(server.url())->status, 302);
}

TEST(HttpClientTest, OnlyHttpIsAskedFor) {
  for (const char* url : {"file:///etc/passwd", "https://127.0.0.1/", "", "http://"}) {
    const auto answer = HttpClient().get(url);
    ASSERT_FALSE(answer.ok()) << url;
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument) << url;
  }
}

TEST(HttpClientTest, ProxiesOfTheEnvironmentAreNotUsed) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);  // NOLINT(concurrency-mt-unsafe)
  const auto server = server_of([](const HttpRequest&) { return HttpResponse{.body = "x"}; });
  EXPECT_TRUE(HttpClient().get(url_of(*server) + "/").ok());
  ::unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace
}  // namespace sonde
