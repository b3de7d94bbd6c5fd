// SPDX-License-Identifier: Apache-2.0
#include "core/base/result.h"

#include <cerrno>
#include <system_error>

namespace sonde {
namespace {

ErrorCode code_of_errno(int err) {
  switch (err) {
    case ENOENT:
    case ESRCH:
      return ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
      return ErrorCode::kPermissionDenied;
    case EEXIST:
      return ErrorCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kResourceExhausted;
    case EINVAL:
      return ErrorCode::kInvalidArgument;
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorCode::kUnimplemented;
    case ETIMEDOUT:
      return ErrorCode::kDeadlineExceeded;
    case EAGAIN:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kUnknown;
  }
}

}  // namespace

Error Error::from_errno(int err, std::string_view what) {
  std::string message(what);
  message += ": ";
  message += std::generic_category().message(err);
  return Error{code_of_errno(err), std::move(message), err};
}

Error Error::with_context(std::string_view context) const {
  Error out = *this;
  out.message.insert(0, std::string(context) + ": ");
  return out;
}

}  // namespace sonde
