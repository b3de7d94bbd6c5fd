// SPDX-License-Identifier: Apache-2.0
// Load A of the benchmarks: two threads in C++ code without frame pointers, about 35 calls deep,
// with work on every level, so that there are many different stacks: `load_calls SECONDS`.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

// A tree of expressions is evaluated again and again: virtual calls, allocation, maps, strings.
struct Node {
  virtual ~Node() = default;
  virtual std::uint64_t evaluate(std::uint64_t seed) const = 0;
};

struct Leaf : Node {
  explicit Leaf(std::uint64_t given) : value(given) {}
  std::uint64_t evaluate(std::uint64_t seed) const override {
    std::uint64_t x = seed ^ value;
    for (int i = 0; i < 40; ++i) x = x * 6364136223846793005u + (x >> 29);
    return x;
  }
  std::uint64_t value;
};

struct Sum : Node {
  std::uint64_t evaluate(std::uint64_t seed) const override {
    const std::uint64_t a = left->evaluate(seed);
    const std::uint64_t b = right->evaluate(seed + 1);
    return a + b;
  }
  std::unique_ptr<Node> left, right;
};

struct Lookup : Node {
  std::uint64_t evaluate(std::uint64_t seed) const override {
    const std::string key = "key" + std::to_string(seed % 64);
    const auto found = values.find(key);
    return child->evaluate(seed) + (found == values.end() ? 0 : found->second);
  }
  std::map<std::string, std::uint64_t> values;
  std::unique_ptr<Node> child;
};

struct Sorted : Node {
  std::uint64_t evaluate(std::uint64_t seed) const override {
    std::vector<std::uint64_t> numbers(32);
    for (std::uint64_t& number : numbers) number = seed = seed * 2862933555777941757u + 3037000493u;
    for (std::size_t i = 1; i < numbers.size(); ++i) {
      for (std::size_t j = i; j > 0 && numbers[j - 1] > numbers[j]; --j) {
        std::swap(numbers[j - 1], numbers[j]);
      }
    }
    return child->evaluate(numbers[16]);
  }
  std::unique_ptr<Node> child;
};

std::unique_ptr<Node> build(int depth, std::uint64_t seed) {
  if (depth == 0) return std::make_unique<Leaf>(seed);
  if (depth % 9 == 4) {
    auto node = std::make_unique<Lookup>();
    for (std::uint64_t i = 0; i < 32; ++i) node->values["key" + std::to_string(2 * i)] = i;
    node->child = build(depth - 1, seed);
    return node;
  }
  if (depth % 9 == 8) {
    auto node = std::make_unique<Sorted>();
    node->child = build(depth - 1, seed);
    return node;
  }
  auto node = std::make_unique<Sum>();
  node->left = build(depth - 1, seed * 3 + 1);
  // A short right side: the tree stays small while its left side is deep.
  node->right = build(depth > 6 ? 2 : depth - 1, seed * 5 + 2);
  return node;
}

void work(double seconds) {
  const std::unique_ptr<Node> tree = build(44, 1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::uint64_t seed = 1;
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 100; ++i) seed = tree->evaluate(seed);
  }
  if (seed == 0) std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  std::thread other(work, seconds);
  work(seconds);
  other.join();
  return 0;
}
