// SPDX-License-Identifier: Apache-2.0
#include "agent/web/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "agent/web/health.h"
#include "agent/web/http_server.h"
#include "agent/web/metrics_page.h"
#include "tests/support/http_client.h"
#include "tests/support/metrics_check.h"

namespace sonde {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A whole listener: health, metrics of itself, a large text.
class SiteTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Router router;
    add_health(router, [] { return Readiness{true, "x"}; });
    router.get("/metrics", [this](const HttpRequest& request) { return page_.answer(request); });
    router.get("/large", [](const HttpRequest&) {
      return HttpResponse{.content_type = "text/plain", .body = std::string(5000, 'x')};
    });
    page_.add("listen", [this](MetricBatch& into) {
      if (const HttpServer* started = started_) add_http_metrics("listen", started->counts(), into);
    });
    const ListenAddress address;
    auto server =
        HttpServer::start(address, make_site(Guard::own_names(address, ""), std::move(router)));
    ASSERT_TRUE(server.ok());
    server_ = *std::move(server);
    started_ = server_.get();
  }

  std::string ask(const std::string& path, const std::string& headers,
                  const std::string& method = "GET") {
    HttpClient client(server_->address().port);
    client.send(method + " " + path + " HTTP/1.1\r\n" + headers + "\r\n");
    return client.answer();
  }

  MetricsPage page_;
  std::atomic<const HttpServer*> started_ = nullptr;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(SiteTest, ForeignHostsAndCrossSiteRequestsAreRefusedAndCounted) {
  EXPECT_THAT(ask("/healthz", "Host: localhost\r\n"), HasSubstr("HTTP/1.1 200 "));
  EXPECT_THAT(ask("/healthz", "Host: evil.example\r\n"), HasSubstr("HTTP/1.1 403 "));
  EXPECT_THAT(ask("/healthz", ""), HasSubstr("HTTP/1.1 400 "));
  EXPECT_THAT(ask("/healthz", "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n"),
              HasSubstr("HTTP/1.1 403 "));
  const HttpServerCounts counts = server_->counts();
  EXPECT_EQ(counts.refused[static_cast<std::size_t>(HttpRefusal::kForeignHost)], 1U);
  EXPECT_EQ(counts.refused[static_cast<std::size_t>(HttpRefusal::kCrossSite)], 1U);
  EXPECT_EQ(counts.answers[4], 3U);
}

TEST_F(SiteTest, TheMetricsPageIsCorrectAndShowsItself) {
  ask("/healthz", "Host: evil.example\r\n");
  for (const MetricFormat format : {MetricFormat::kText, MetricFormat::kOpenMetrics}) {
    const std::string answer = ask(
        "/metrics", "Host: localhost\r\nAccept: " + std::string(content_type_of(format)) + "\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Type: " + std::string(content_type_of(format))));
    const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
    EXPECT_THAT(check_metrics_page(body, format), IsEmpty()) << body;
    EXPECT_THAT(body, HasSubstr("{listener=\"listen\",reason=\"foreign_host\"} 1\n"));
  }
}

TEST_F(SiteTest, LargeAnswersAreCompressed) {
  EXPECT_THAT(ask("/large", "Host: localhost\r\nAccept-Encoding: gzip\r\n"),
              HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_GT(ask("/large", "Host: localhost\r\n").size(), 5000U);
}

TEST_F(SiteTest, NothingIsChangedByOtherMethods) {
  for (const char* method : {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PRI"}) {
    EXPECT_THAT(ask("/healthz", "Host: localhost\r\n", method), HasSubstr("HTTP/1.1 405 "));
  }
  EXPECT_THAT(ask("/nothing", "Host: localhost\r\n"), HasSubstr("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace sonde
