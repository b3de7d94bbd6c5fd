// SPDX-License-Identifier: Apache-2.0
// C++ calls: namespaces, templates, a virtual call, lambdas, std::function, std::sort with a
// comparison, a constructor, and a std::thread.
#include "truth.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

// [own*]: functions of the standard library's headers, which are in this file's own code.
static const char kTruth[] =
    "{\"chains\": ["
    "\"[start] main site::virtual_call site::Square::area site::twice site::leaf\","
    "\"[start] main site::functional [own*] site::callback site::leaf\","
    "\"[start] main site::sorted [own*] site::before site::compare_leaf\","
    "\"?[start] main site::sorted [own*]\","
    "\"?[start] main site::sorted [own*] [libstdc++*] [libc*]\","
    "\"[start] main site::constructs site::Built::Built site::leaf\","
    "\"[cxxthread] [own*] site::thread_body site::twice site::leaf\","
    "\"?[start] main [own*] [libstdc++*] [libc*]\","
    "\"?[start] main site::threaded [own*] [libstdc++*] [own*] [libc*] [ld*] "
    "[libc*]\"," TRUTH_CLOCK_CHAIN "]}";

namespace site {

TRUTH_FN void leaf(uint64_t turns) { truth_burn_registers(turns); }
TRUTH_FN void compare_leaf() { truth_burn(2000); }

template <typename T>
TRUTH_FN T twice(T turns) {
  TRUTH_LIVE_BEGIN(static_cast<uint64_t>(turns));
  leaf(static_cast<uint64_t>(turns) * 2);
  TRUTH_LIVE_END();
  return turns;
}

struct Shape {
  virtual ~Shape() = default;
  virtual uint64_t area(uint64_t turns) = 0;
};

struct Square : Shape {
  TRUTH_FN uint64_t area(uint64_t turns) override {
    const uint64_t result = twice<uint64_t>(turns);
    TRUTH_NOT_A_TAIL_CALL();
    return result + 1;
  }
};

struct Built {
  TRUTH_FN explicit Built(uint64_t turns) : turns_(turns) {
    leaf(turns);
    TRUTH_NOT_A_TAIL_CALL();
  }
  uint64_t turns_;
};

TRUTH_FN uint64_t virtual_call(Shape* shape) {
  const uint64_t result = shape->area(250000);
  TRUTH_NOT_A_TAIL_CALL();
  return result;
}

TRUTH_FN void callback(uint64_t turns) {
  leaf(turns);
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void functional() {
  const uint64_t more = 5;
  const std::function<void(uint64_t)> call = [&more](uint64_t turns) {
    callback(turns + more);
    TRUTH_NOT_A_TAIL_CALL();
  };
  call(500000);
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN bool before(int left, int right) {
  compare_leaf();
  TRUTH_NOT_A_TAIL_CALL();
  return left < right;
}

TRUTH_FN void sorted() {
  std::vector<int> values(64);
  unsigned state = 99;
  for (int& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<int>(state >> 8);
  }
  std::sort(values.begin(), values.end(), [](int left, int right) {
    const bool result = before(left, right);
    TRUTH_NOT_A_TAIL_CALL();
    return result;
  });
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void constructs() {
  const Built built(500000);
  __asm__ volatile("" ::"r"(&built) : "memory");
}

TRUTH_FN void thread_body() {
  for (int i = 0; i < 10; ++i) twice<uint64_t>(500000);
  TRUTH_NOT_A_TAIL_CALL();
}

TRUTH_FN void threaded() {
  std::thread thread([] {
    thread_body();
    TRUTH_NOT_A_TAIL_CALL();
  });
  thread.join();
}

}  // namespace site

int main(int argc, char** argv) {
  const uint64_t end = truth_begin(argc, argv, kTruth);
  const std::unique_ptr<site::Shape> shape = std::make_unique<site::Square>();
  while (truth_now() < end) {
    for (int i = 0; i < 4; ++i) {
      site::virtual_call(shape.get());
      site::functional();
      site::sorted();
      site::constructs();
    }
    site::threaded();
  }
  return 0;
}
