// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/shorten_name.h"

#include <gtest/gtest.h>

#include "agent/cli/text.h"

namespace sonde {
namespace {

struct Case {
  const char* name;
  std::size_t width;
  const char* expected;
};

TEST(ShortenNameTest, GivesUpWhatTellsFunctionsApartLast) {
  const Case cases[] = {
      {"processCommand", 14, "processCommand"},
      {"void ns::Parser::parse(std::istream&)", 20, "ns::Parser::parse"},
      {"f(int, int, int) [clone .isra.0]", 8, "f"},
      {"core::ptr::drop_in_place::h0123456789abcdef", 30, "core::ptr::drop_in_place"},
      {"<alloc::vec::Vec<T> as core::iter::Extend<T>>::extend", 30, "alloc::vec::Vec<T>::extend"},
      {"ns::(anonymous namespace)::helper(int)", 20, "ns::{anon}::helper"},
      {"github.com/acme/shop/cart.(*Cart).Total", 20, "cart.(*Cart).Total"},
      {"applyDiscounts /srv/app/cart.js:73", 20, "applyDiscounts"},
      {"ns::Table<std::string, ns::Row>::find", 22, "ns::Table<…>::find"},
      {"ns::Set<A>::operator<(ns::Set<A> const&)", 24, "ns::Set<A>::operator<"},
      {"ns::Set<Abcdef>::operator<<", 24, "ns::Set<…>::operator<<"},
      {"__x64_sys_epoll_wait", 10, "epoll_wait"},
      {"__memmove_avx_unaligned_erms", 26, "memmove_avx_unaligned_erms"},
      {"v8::internal::Visitor::VisitPointers", 27, "…Visitor::VisitPointers"},
      {"v8::internal::Visitor::VisitPointers", 15, "…VisitPointers"},
      {"v8::internal::Visitor::VisitPointers", 13, "VisitPointers"},
      {"ZSTD_compressBlock_doubleFast", 26, "…compressBlock_doubleFast"},
      {"ZSTD_compressBlock_doubleFast", 12, "…doubleFast"},
      {"libc.so.6+0x28f10", 10, "…+0x28f10"},
      {"averyverylongname", 8, "averyve…"},
      {"averyverylongname", 3, "av…"},
      {"averyverylongname", 2, "av"},
      {"", 5, ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(shorten_name(c.name, c.width, "…"), c.expected) << c.name << " in " << c.width;
  }
}

TEST(ShortenNameTest, NothingIsWiderThanItsColumn) {
  const char* names[] = {
      "std::_Hashtable<std::string, std::pair<const int, A>, std::allocator<B>>::_M_find(int)",
      "<<F as G>::H as core::ops::Fn<(A,)>>::call::{{closure}}",
      "日本語::関数名<テンプレート>::とても長い名前",
      "operator<<<<<>>>((((",
      "::::::",
      "____________________________",
      "a/b/c.d[e/f.g](h) i:1",
  };
  for (const char* name : names) {
    for (std::size_t width = 0; width < 60; ++width) {
      EXPECT_LE(display_width(shorten_name(name, width, "…")), width) << name;
      EXPECT_LE(display_width(shorten_name(name, width, "...")), width) << name;
    }
  }
}

TEST(ShortenNameTest, AsciiTerminalsGetThreeDots) {
  EXPECT_EQ(shorten_name("v8::internal::Visitor::VisitPointers", 26, "..."),
            "...Visitor::VisitPointers");
}

}  // namespace
}  // namespace sonde
