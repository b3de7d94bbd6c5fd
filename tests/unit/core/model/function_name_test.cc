// SPDX-License-Identifier: Apache-2.0
#include "core/model/function_name.h"

#include <gtest/gtest.h>

namespace sonde {
namespace {

struct Case {
  const char* name;
  const char* expected;
};

TEST(WithoutParametersTest, KeepsOnlyWhatSaysWhichFunctionItIs) {
  const Case cases[] = {
      {"main", "main"},
      {"f(int, char const*)", "f"},
      {"void ns::f<int>(std::vector<int> const&)", "ns::f<int>"},
      {"ns::C::m() const", "ns::C::m"},
      {"ns::C::m(int) const &", "ns::C::m"},
      {"std::string ns::join[abi:cxx11](int)", "ns::join[abi:cxx11]"},
      {"ns::f(int)::{lambda(char)#1}::operator()(char) const",
       "ns::f::{lambda(char)#1}::operator()"},
      {"ns::operator<<(std::ostream&, int)", "ns::operator<<"},
      {"ns::V::operator bool() const", "ns::V::operator bool"},
      {"operator new(unsigned long)", "operator new"},
      {"(anonymous namespace)::f(int)", "(anonymous namespace)::f"},
      {"ns::(anonymous namespace)::f(int)", "ns::(anonymous namespace)::f"},
      {"f(int) [clone .cold]", "f"},
      {"g [clone .isra.0]", "g"},
      {"main.(*Server).Serve", "main.(*Server).Serve"},
      {"core::ops::function::FnOnce::call_once{{vtable.shim}}",
       "core::ops::function::FnOnce::call_once{{vtable.shim}}"},
      {"f(", "f"},
      {"", ""},
      {"(int)", "(int)"},
      {"a)b>c", "a)b>c"},
  };
  for (const Case& c : cases) EXPECT_EQ(without_parameters(c.name), c.expected) << c.name;
}

TEST(WithoutArgumentsTest, ReplacesOutermostGroupsAndLeavesOperatorsAlone) {
  const Case cases[] = {
      {"ns::f<int>", "ns::f<~>"},
      {"A<B<C>>::m<D>", "A<~>::m<~>"},
      {"ns::operator<", "ns::operator<"},
      {"ns::operator<<<char>", "ns::operator<<<char>"},
      {"ns::operator<=>", "ns::operator<=>"},
      {"ns::P<T>::operator->", "ns::P<~>::operator->"},
      {"pkg.Map[go.shape.int]", "pkg.Map[~]"},
      {"ns::join[abi:cxx11]", "ns::join[abi:cxx11]"},
      {"never<closed", "never<closed"},
      {"call<fn(A) -> B>", "call<~>"},
  };
  for (const Case& c : cases) EXPECT_EQ(without_arguments(c.name, "~"), c.expected) << c.name;
}

TEST(ComponentStartsTest, OnlySeparatorsOutsideBracketsCount) {
  EXPECT_EQ(component_starts("a::b<c::d>::e"), (std::vector<std::size_t>{3, 12}));
  EXPECT_TRUE(component_starts("plain").empty());
  EXPECT_TRUE(component_starts("ends::").empty());
}

}  // namespace
}  // namespace sonde
