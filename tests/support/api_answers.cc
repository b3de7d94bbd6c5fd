// SPDX-License-Identifier: Apache-2.0
// Prints the API's answers over the history of its tests (api_fixture.h), as one JSON object:
//   api_answers PATH...      {"/flame?from=...":{...}}
// WINDOW0 to WINDOW9 in a path become the begin of that window in Unix milliseconds.
#include <cstdio>
#include <string>

#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

class Answers : public ApiTest {
 public:
  void start() { SetUp(); }
  Json of(std::string path) {
    for (std::uint64_t number = 0; number < 10; ++number) {
      const std::string mark = "WINDOW" + std::to_string(number);
      for (std::size_t at = path.find(mark); at != std::string::npos; at = path.find(mark)) {
        path.replace(at, mark.size(), std::to_string(ms_of(number)));
      }
    }
    return json(path);
  }

 private:
  void TestBody() override {}
};

}  // namespace
}  // namespace sonde

int main(int argc, char** argv) {
  sonde::Answers answers;
  answers.start();
  sonde::Json out = sonde::Json::object();
  for (int i = 1; i < argc; ++i) out[argv[i]] = answers.of(argv[i]);
  std::printf("%s\n", sonde::json_text(out).c_str());
  return 0;
}
