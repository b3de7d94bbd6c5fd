// SPDX-License-Identifier: Apache-2.0
#include "agent/web/api_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "agent/web/api_flame.h"
#include "agent/web/api_series.h"
#include "agent/web/api_status.h"
#include "agent/web/http_server.h"
#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

using testing::HasSubstr;

class ApiAnswerTest : public ApiTest {};

TEST_F(ApiAnswerTest, ErrorsAreOfTheClientOfLaterOrOfTheServer) {
  EXPECT_EQ(error_answer({ErrorCode::kInvalidArgument, "x"}).status, 400);
  EXPECT_EQ(error_answer({ErrorCode::kOutOfRange, "x"}).status, 400);
  EXPECT_EQ(error_answer({ErrorCode::kInternal, "x"}).status, 500);
  for (const ErrorCode later : {ErrorCode::kUnavailable, ErrorCode::kDeadlineExceeded}) {
    const HttpResponse response = error_answer({later, "later"});
    EXPECT_EQ(response.status, 503);
    EXPECT_NE(header(response, "Retry-After"), "");
    EXPECT_THAT(response.body, HasSubstr(R"({"error":"later"})"));
  }
}

TEST_F(ApiAnswerTest, OnlySoManyReadTheHistoryAtOnceAndSumsFindAPlaceBesideWindows) {
  using std::chrono::milliseconds;
  EXPECT_GT(HttpServerOptions().workers, std::size_t{ReadGate::kAtOnce}) << "others are answered";
  ReadGate gate;
  std::promise<void> end;
  const std::shared_future<void> ended = end.get_future().share();
  std::vector<std::future<int>> running;
  std::vector<std::promise<void>> begun(ReadGate::kAtOnce);
  const auto hold = [&](Reads what, std::promise<void>& begin) {
    running.push_back(std::async(std::launch::async, [&, what] {
      return gate
          .run(what, milliseconds(0),
               [&] {
                 begin.set_value();
                 ended.wait();
                 return HttpResponse{};
               })
          .status;
    }));
    begin.get_future().wait();
  };
  for (int i = 0; i < ReadGate::kWindowsAtOnce; ++i)
    hold(Reads::kWindows, begun[static_cast<std::size_t>(i)]);
  EXPECT_EQ(gate.run(Reads::kWindows, milliseconds(1), [] { return HttpResponse{}; }).status, 503);
  EXPECT_EQ(gate.run(Reads::kSums, milliseconds(0), [] { return HttpResponse{}; }).status, 200);
  hold(Reads::kSums, begun.back());
  bool made = false;
  const auto make = [&] {
    made = true;
    return HttpResponse{};
  };
  const HttpResponse refused = gate.run(Reads::kSums, milliseconds(1), make);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(header(refused, "Retry-After"), "");
  EXPECT_FALSE(made);
  end.set_value();
  for (std::future<int>& one : running) EXPECT_EQ(one.get(), 200);
  EXPECT_EQ(gate.run(Reads::kWindows, milliseconds(0), make).status, 200);
  EXPECT_TRUE(made);
}

TEST_F(ApiAnswerTest, APlaceIsFreeAgainAfterAnAnswerThatThrew) {
  ReadGate gate;
  for (int i = 0; i < 2 * ReadGate::kAtOnce; ++i) {
    EXPECT_ANY_THROW(gate.run(Reads::kWindows, std::chrono::milliseconds(0),
                              []() -> HttpResponse { throw std::bad_alloc(); }));
  }
}

TEST_F(ApiAnswerTest, WhatTakesTooLongIsLeft) {
  ApiSources hasty = sources();
  hasty.patience = std::chrono::milliseconds(0);
  HttpRequest request;
  request.query = between(0, 6);
  for (const auto answer :
       {answer_flame, answer_profile, answer_health, answer_series, answer_labels}) {
    const HttpResponse response = answer(hasty, request);
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, HasSubstr("in the time there is: ask for less"));
  }
}

TEST_F(ApiAnswerTest, RangesAreClosedThatNoWindowCanComeTo) {
  const auto closed = [&](std::uint64_t to_window, bool is_absolute = true) {
    TimeRange range{kBeginNs, static_cast<std::int64_t>(kBeginNs + to_window * kTenSeconds)};
    range.is_absolute = is_absolute;
    return is_closed(sources(), range);
  };
  EXPECT_TRUE(closed(5)) << "the newest begins where it ends";
  EXPECT_FALSE(closed(6));
  EXPECT_FALSE(closed(5, false)) << "it moves";
  now_ns_ = kBeginNs + 2 * kTenSeconds;
  EXPECT_FALSE(closed(5)) << "the clock went back: windows of that time come again";
  history_->add(window_of_a_test(2));
  now_ns_ = kBeginNs + 9 * kTenSeconds;
  EXPECT_FALSE(closed(5)) << "they have begun to come";
  EXPECT_TRUE(closed(2));
}

}  // namespace
}  // namespace sonde
