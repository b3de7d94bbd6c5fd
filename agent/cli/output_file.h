// SPDX-License-Identifier: Apache-2.0
// The file a recording ends in. It is opened before the recording starts, so that a path that
// cannot be written costs no recording, and it appears under its name only when it is whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/fd.h"
#include "core/base/result.h"

namespace sonde {

class OutputFile {
 public:
  // Creates a temporary file beside `path`, or opens `path` itself if it is a pipe or a device;
  // "-" is stdout. A symbolic link is followed: its target is replaced.
  //
  // errors  those of open(2), with the path and what to do.
  static Result<OutputFile> open(const std::string& path);

  OutputFile(OutputFile&&) = default;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();  // removes what was not committed

  // Writes everything, syncs, and gives the file its name. On failure nothing is left behind and
  // an older file stays as it was.
  //
  // errors  kResourceExhausted  the disk is full: the message says how many bytes are needed.
  Result<void> commit(std::string_view bytes);

  // Path of the temporary file, empty if there is none: to be removed if the process must end.
  [[nodiscard]] const std::string& temporary() const { return temporary_; }

 private:
  OutputFile(std::string path, std::string temporary, UniqueFd fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

  std::string path_;
  std::string temporary_;
  UniqueFd fd_;
};

}  // namespace sonde
