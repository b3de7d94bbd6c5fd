// SPDX-License-Identifier: Apache-2.0
// Vectors: FIPS 180-4 examples of NIST.
#include "core/base/sha256.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>

#include "core/base/file.h"

namespace sonde {
namespace {

std::string hex_of(std::string_view bytes) {
  auto digest = sha256(bytes);
  return digest ? to_hex(*digest) : digest.error().message;
}

UniqueFd memory_file(std::string_view bytes) {
  UniqueFd fd(::memfd_create("sha256", MFD_CLOEXEC));
  EXPECT_TRUE(write_all(fd.get(), bytes));
  return fd;
}

TEST(Sha256Test, MatchesThePublishedVectors) {
  EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, PiecesGiveTheDigestOfTheWhole) {
  const std::string whole(100'000, 'q');
  Sha256 hash;
  for (std::size_t at = 0; at < whole.size(); at += 333) {
    hash.update(std::string_view(whole).substr(at, 333));
  }
  auto digest = hash.finish();
  ASSERT_TRUE(digest);
  EXPECT_EQ(to_hex(*digest), hex_of(whole));
}

TEST(Sha256Test, ASecondFinishIsAnError) {
  Sha256 hash;
  ASSERT_TRUE(hash.finish());
  auto again = hash.finish();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kFailedPrecondition);
}

TEST(Sha256Test, ARangeOfAFileIsHashedWithoutMovingItsPosition) {
  std::string bytes(600'000, 'b');
  bytes.replace(1000, 3, "abc");
  const UniqueFd fd = memory_file(bytes);
  auto part = sha256_of_fd(fd.get(), 1000, 3);
  ASSERT_TRUE(part);
  EXPECT_EQ(to_hex(*part), hex_of("abc"));
  auto whole = sha256_of_fd(fd.get(), 0, bytes.size());
  ASSERT_TRUE(whole);
  EXPECT_EQ(to_hex(*whole), hex_of(bytes));
  EXPECT_EQ(::lseek(fd.get(), 0, SEEK_CUR), static_cast<off_t>(bytes.size()));
}

TEST(Sha256Test, ARangePastTheEndOfTheFileIsAnError) {
  const UniqueFd fd = memory_file("0123456789");
  EXPECT_TRUE(sha256_of_fd(fd.get(), 5, 5));
  auto beyond = sha256_of_fd(fd.get(), 5, 6);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kOutOfRange);
  // A size from a hostile header must not be allocated.
  EXPECT_FALSE(sha256_of_fd(fd.get(), 0, ~std::uint64_t{0}));
}

}  // namespace
}  // namespace sonde
