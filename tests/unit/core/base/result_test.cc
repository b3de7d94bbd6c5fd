// SPDX-License-Identifier: Apache-2.0
#include "core/base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace sonde {
namespace {

TEST(ResultTest, CarriesAMoveOnlyValue) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

TEST(ResultTest, AnEmptyResultOfVoidIsSuccess) {
  EXPECT_TRUE(Result<void>().ok());
  const Result<void> failed = Error{ErrorCode::kAborted, "no"};
  EXPECT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "no");
}

TEST(ErrorTest, ContextIsPutInFrontAndTheRestIsKept) {
  const Error inner = Error::from_errno(EPERM, "perf_event_open");
  const Error outer = inner.with_context("attach cpu 3");
  EXPECT_EQ(outer.message, "attach cpu 3: perf_event_open: Operation not permitted");
  EXPECT_EQ(outer.code, ErrorCode::kPermissionDenied);
  EXPECT_EQ(outer.sys_errno, EPERM);
}

struct ErrnoCase {
  int sys_errno;
  ErrorCode code;
};

class ErrnoTest : public ::testing::TestWithParam<ErrnoCase> {};

TEST_P(ErrnoTest, HasTheCodeOfItsMeaning) {
  EXPECT_EQ(Error::from_errno(GetParam().sys_errno, "x").code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(AllMeanings, ErrnoTest,
                         ::testing::Values(ErrnoCase{ENOENT, ErrorCode::kNotFound},
                                           ErrnoCase{ESRCH, ErrorCode::kNotFound},
                                           ErrnoCase{EACCES, ErrorCode::kPermissionDenied},
                                           ErrnoCase{EEXIST, ErrorCode::kAlreadyExists},
                                           ErrnoCase{ENOSPC, ErrorCode::kResourceExhausted},
                                           ErrnoCase{EMFILE, ErrorCode::kResourceExhausted},
                                           ErrnoCase{EINVAL, ErrorCode::kInvalidArgument},
                                           ErrnoCase{ENOSYS, ErrorCode::kUnimplemented},
                                           ErrnoCase{ETIMEDOUT, ErrorCode::kDeadlineExceeded},
                                           ErrnoCase{EAGAIN, ErrorCode::kUnavailable},
                                           ErrnoCase{EIO, ErrorCode::kUnknown}));

// The numbers are gRPC's: exporters cast.
static_assert(static_cast<int>(ErrorCode::kCancelled) == 1);
static_assert(static_cast<int>(ErrorCode::kResourceExhausted) == 8);
static_assert(static_cast<int>(ErrorCode::kDataLoss) == 15);

}  // namespace
}  // namespace sonde
