// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/governor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

namespace sonde {
namespace {

constexpr double kRoom = 0.8;  // of a budget
constexpr double kMiB = 1024.0 * 1024.0;

}  // namespace

void Governor::set(const Budgets& budgets, std::uint32_t rate_hz) {
  budgets_ = budgets;
  max_divisor_ = std::bit_floor(std::max<std::uint32_t>(rate_hz, 1));
  divisor_ = 1;
  judged_from_ns_ = calm_since_ns_ = raised_ns_ = 0;
  calm_ns_ = least_calm_ns();
  dropped_ = false;
  why_.clear();
}

double Governor::cpu_percent() const {
  if (readings_.size() < 2) return 0;
  const UsageReading& first = readings_.front();
  const UsageReading& last = readings_.back();
  const auto elapsed_ns = static_cast<double>(last.now_ns - first.now_ns);
  return elapsed_ns > 0 ? (last.cpu_seconds - first.cpu_seconds) * 1e11 / elapsed_ns : 0;
}

double Governor::memory_bytes() const {
  if (readings_.empty()) return 0;
  const double sum = std::accumulate(readings_.begin(), readings_.end(), 0.0,
                                     [](double so_far, const UsageReading& one) {
                                       return so_far + static_cast<double>(one.memory_bytes);
                                     });
  return sum / static_cast<double>(readings_.size());
}

GovernorDecision Governor::take(const UsageReading& reading) {
  if (judged_from_ns_ == 0) judged_from_ns_ = reading.now_ns + average_ns_;
  readings_.push_back(reading);
  while (readings_.size() > 2 && readings_[1].now_ns + average_ns_ <= reading.now_ns) {
    readings_.pop_front();
  }
  if (reading.now_ns < judged_from_ns_ + average_ns_) return {};
  const bool over_cpu = is_over(cpu_percent(), budgets_.cpu_percent);
  const bool over_memory = is_over(memory_bytes(), static_cast<double>(budgets_.memory_bytes));
  if (!over_memory) dropped_ = false;
  if (over_cpu || over_memory) {
    calm_since_ns_ = 0;
    return over_memory && !dropped_ ? shed(reading.now_ns) : lower(reading.now_ns);
  }
  if (!has_room()) {
    calm_since_ns_ = 0;
  } else if (calm_since_ns_ == 0) {
    calm_since_ns_ = reading.now_ns;
  }
  const bool is_calm = calm_since_ns_ != 0 && reading.now_ns >= calm_since_ns_ + calm_ns_;
  return divisor_ > 1 && is_calm ? raise(reading.now_ns) : GovernorDecision{};
}

bool Governor::has_room() const {
  return !is_over(cpu_percent(), budgets_.cpu_percent * kRoom) &&
         !is_over(memory_bytes(), static_cast<double>(budgets_.memory_bytes) * kRoom);
}

std::string Governor::usage_text() const {
  const auto of = [](const std::string& amount, const std::string& budget, bool is_limited) {
    return is_limited ? amount + " of " + budget : amount;
  };
  return "CPU " +
         of(fmt::format("{:.2f} %", cpu_percent()), fmt::format("{:g} %", budgets_.cpu_percent),
            budgets_.cpu_percent > 0) +
         ", memory " +
         of(fmt::format("{:.1f} MiB", memory_bytes() / kMiB),
            fmt::format("{:g} MiB", static_cast<double>(budgets_.memory_bytes) / kMiB),
            budgets_.memory_bytes > 0) +
         fmt::format(" in the last {} s", average_ns_ / 1'000'000'000);
}

GovernorDecision Governor::shed(std::uint64_t now_ns) {
  dropped_ = true;
  judged_from_ns_ = now_ns;
  ++counts_.caches_dropped;
  return {GovernorStep::kDropCaches, usage_text() + ": caches are dropped"};
}

GovernorDecision Governor::lower(std::uint64_t now_ns) {
  if (divisor_ >= max_divisor_) return {};
  divisor_ *= 2;
  judged_from_ns_ = now_ns;
  if (raised_ns_ != 0 && now_ns < raised_ns_ + 10 * average_ns_) {
    calm_ns_ = std::min(calm_ns_ * 2, most_calm_ns());
  } else {
    calm_ns_ = least_calm_ns();
  }
  ++counts_.rate_lowered;
  why_ = fmt::format("{}: one tick of {} is kept", usage_text(), divisor_);
  return {GovernorStep::kLowerRate, why_};
}

GovernorDecision Governor::raise(std::uint64_t now_ns) {
  divisor_ /= 2;
  judged_from_ns_ = raised_ns_ = now_ns;
  calm_since_ns_ = 0;
  ++counts_.rate_raised;
  if (divisor_ == 1) why_.clear();
  return {GovernorStep::kRaiseRate,
          divisor_ == 1 ? usage_text() + ": every tick is kept again"
                        : fmt::format("{}: one tick of {} is kept", usage_text(), divisor_)};
}

}  // namespace sonde
