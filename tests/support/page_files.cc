// SPDX-License-Identifier: Apache-2.0
// page_files FOLDER: writes the files of the agent's page, as they are in the binary, and
// FOLDER/files.json with the policy and each file's path, name and content type.
#include <cstddef>
#include <cstdio>
#include <string>

#include "core/base/file.h"
#include "core/base/json.h"
#include "exporters/text/live_page.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: page_files FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = argv[1];
  sonde::Json list = sonde::Json::array();
  std::size_t number = 0;
  for (const sonde::PageFile& file : sonde::live_page_files()) {
    const std::string name = "file" + std::to_string(number++);
    list.push_back({{"path", file.path}, {"name", name}, {"type", file.content_type}});
    if (!sonde::write_file_atomically(folder + "/" + name, file.bytes)) return 1;
  }
  const sonde::Json all = {{"policy", sonde::live_page_policy()}, {"files", list}};
  return sonde::write_file_atomically(folder + "/files.json", sonde::json_text(all)) ? 0 : 1;
}
