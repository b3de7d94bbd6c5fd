// SPDX-License-Identifier: Apache-2.0
// check_metrics_page FORMAT < PAGE: prints what is wrong with a metrics page, and ends with 1 if
// anything is. FORMAT: text, openmetrics.
#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>

#include "tests/support/metrics_check.h"

int main(int argc, char** argv) {
  const std::string format = argc == 2 ? argv[1] : "";
  if (format != "text" && format != "openmetrics") {
    std::fputs("usage: check_metrics_page text|openmetrics < PAGE\n", stderr);
    return 2;
  }
  const std::string page((std::istreambuf_iterator<char>(std::cin)),
                         std::istreambuf_iterator<char>());
  const auto findings = sonde::check_metrics_page(
      page, format == "text" ? sonde::MetricFormat::kText : sonde::MetricFormat::kOpenMetrics);
  for (const std::string& finding : findings) std::printf("%s\n", finding.c_str());
  return findings.empty() ? 0 : 1;
}
