// SPDX-License-Identifier: Apache-2.0
// Compiled, not run: a source that keeps a C++ compiler busy with templates for some seconds.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <std::size_t N>
struct Number {
  static constexpr std::size_t value = Number<N - 1>::value + N % 7;
  std::array<char, N % 13 + 1> bytes;
};
template <>
struct Number<0> {
  static constexpr std::size_t value = 0;
  std::array<char, 1> bytes;
};

template <std::size_t... I>
auto make_tuple_of(std::index_sequence<I...>) {
  return std::tuple<Number<I>...>();
}

template <typename T>
std::size_t fold(const T& tuple) {
  return std::apply([](const auto&... item) { return (sizeof(item.bytes) + ... + 0); }, tuple);
}

template <std::size_t N>
std::size_t use() {
  std::map<std::string, std::vector<Number<N>>> map;
  std::unordered_map<std::string, std::set<std::array<int, N % 5 + 1>>> sets;
  std::variant<int, std::string, std::array<char, N + 1>, std::vector<Number<N>>> one;
  std::function<std::size_t(std::size_t)> call = [&](std::size_t n) { return n + map.size(); };
  map["a"].resize(N);
  sets["b"].insert(std::array<int, N % 5 + 1>{});
  one = std::to_string(N);
  std::vector<std::shared_ptr<Number<N>>> pointers(N, std::make_shared<Number<N>>());
  std::sort(pointers.begin(), pointers.end());
  return call(std::visit([](const auto& value) { return sizeof(value); }, one)) + sets.size() +
         fold(make_tuple_of(std::make_index_sequence<N + 20>())) + use<N - 1>();
}
template <>
std::size_t use<0>() {
  return 0;
}

std::size_t everything(const std::string& text) {
  static const std::regex pattern("([a-z]+)=([0-9]+)(;|$)");
  return use<8>() + (std::regex_search(text, pattern) ? 1 : 0);
}
