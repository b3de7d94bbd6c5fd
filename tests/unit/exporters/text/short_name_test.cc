// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/short_name.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/sample_profile.h"

namespace sonde {
namespace {

TEST(ShortNameTest, FormsAreThoseOfTheSharedTable) {
  std::ifstream table("tests/fixtures/short_names.tsv");
  std::string line;
  std::getline(table, line);  // what the columns are
  std::size_t checked = 0;
  while (std::getline(table, line)) {
    std::vector<std::string> forms;
    std::size_t at = 0;
    while (true) {
      const std::size_t tab = line.find('\t', at);
      forms.push_back(line.substr(at, tab - at));
      if (tab == std::string::npos) break;
      at = tab + 1;
    }
    EXPECT_EQ(name_forms(forms.front()), forms);
    ++checked;
  }
  EXPECT_GE(checked, 45U);
}

TEST(ShortNameTest, TheTailSurvivesInFewColumns) {
  const char* name = "v8::internal::Visitor::VisitPointers(v8::internal::HeapObject)";
  EXPECT_EQ(fit_name(name, 80), name);
  EXPECT_EQ(fit_name(name, 40), "v8::internal::Visitor::VisitPointers");
  EXPECT_EQ(fit_name(name, 24), "\xe2\x80\xa6Visitor::VisitPointers");
  EXPECT_EQ(fit_name(name, 13), "VisitPointers");
  EXPECT_EQ(fit_name(name, 6), "Visit\xe2\x80\xa6");
  EXPECT_EQ(fit_name(name, 1), ".");
  EXPECT_EQ(fit_name(name, 0), "");
}

TEST(ShortNameTest, HostileNamesNeverGrowAndNeverCrash) {
  for (const std::string& name : hostile_names()) {
    for (const std::size_t columns : {0U, 1U, 2U, 7U, 30U}) {
      const std::string fitted = fit_name(name, columns);
      EXPECT_LE(static_cast<std::size_t>(std::count_if(
                    fitted.begin(), fitted.end(),
                    [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; })),
                columns)
          << fitted;
    }
  }
  EXPECT_FALSE(name_forms(std::string(10'000, '<')).empty());
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "a::";
  EXPECT_LT(name_forms(deep + "f").size(), 20U);
}

}  // namespace
}  // namespace sonde
