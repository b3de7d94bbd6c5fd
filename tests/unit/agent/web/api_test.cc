// SPDX-License-Identifier: Apache-2.0
// The paths that docs/api.md names are those that are answered, with the parameters that it names.
#include "agent/web/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include "core/base/file.h"
#include "tests/support/api_fixture.h"

namespace sonde {
namespace {

using Names = std::set<std::string>;

class ApiDocumentTest : public ApiTest {
 protected:
  // Of each heading `## \`GET /api/v1/PATH?a&b\``: the path and its parameters.
  static std::map<std::string, Names> documented() {
    const auto text = read_file("docs/api.md", 1'000'000);
    EXPECT_TRUE(text.ok());
    const std::string start = "## `GET /api/v1";
    std::map<std::string, Names> out;
    std::istringstream lines(text ? *text : "");
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(start)) continue;
      const std::string what = line.substr(start.size(), line.rfind('`') - start.size());
      const std::size_t question = std::min(what.find('?'), what.size());
      Names names;
      std::istringstream parameters(what.substr(std::min(question + 1, what.size())));
      for (std::string name; std::getline(parameters, name, '&');) names.insert(name);
      out.emplace(what.substr(0, question), names);
    }
    return out;
  }
  // What the answer to a name that nobody has says it knows.
  Names known(const std::string& path) {
    std::string words = refusal(path + "?zzzzzzzz=1");
    Names out;
    if (words.find("known are ") == std::string::npos) return out;
    words.erase(0, words.find("known are ") + 10);
    std::istringstream names(words);
    for (std::string name; std::getline(names >> std::ws, name, ',');) out.insert(name);
    return out;
  }
};

TEST_F(ApiDocumentTest, ItHasEveryPathWithItsParametersAndNoOthers) {
  const auto paths = documented();
  std::set<std::string> names;
  for (const auto& [path, parameters] : paths) {
    names.insert(path);
    EXPECT_EQ(known(path), parameters) << path;
  }
  EXPECT_EQ(names, (std::set<std::string>{"/flame", "/profile", "/series", "/labels",
                                          "/label/NAME/values", "/health", "/status"}));
  EXPECT_EQ(ask("/nothing").status, 404);
}

TEST_F(ApiDocumentTest, EveryPathIsReadOnly) {
  for (const auto& [path, parameters] : documented()) {
    HttpRequest request;
    request.method = "POST";
    request.path = "/api/v1" + path;
    request.from_loopback = true;
    EXPECT_EQ(router_.answer(request).status, 405) << path;
  }
}

// Everything is asked at once, while windows are added.
TEST_F(ApiDocumentTest, AnswersAreMadeByManyThreadsWhileWindowsCome) {
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 2; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        for (const char* path : {"/flame", "/series?g=process", "/labels", "/health", "/status",
                                 "/profile?format=pprof", "/label/pid/values"}) {
          if (ask(path).status != 200) ++failed;
        }
      }
    });
  }
  for (std::uint64_t i = kWindows; i < kWindows + 30; ++i) history_->add(window_of_a_test(i));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace sonde
