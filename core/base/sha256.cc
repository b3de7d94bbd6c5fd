// SPDX-License-Identifier: Apache-2.0
#include "core/base/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} * 1024;

EVP_MD_CTX* evp(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

void Sha256::FreeContext::operator()(void* context) const noexcept {
  EVP_MD_CTX_free(evp(context));
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ && EVP_DigestInit_ex(evp(context_.get()), EVP_sha256(), nullptr) != 1) {
    context_.reset();
  }
}

void Sha256::update(std::span<const std::byte> bytes) {
  if (context_ && EVP_DigestUpdate(evp(context_.get()), bytes.data(), bytes.size()) != 1) {
    context_.reset();
  }
}

Result<Sha256Digest> Sha256::finish() {
  Sha256Digest digest{};
  unsigned int size = 0;
  if (!context_ || EVP_DigestFinal_ex(evp(context_.get()), digest.data(), &size) != 1 ||
      size != digest.size()) {
    context_.reset();
    return Error{ErrorCode::kFailedPrecondition, "SHA-256: libcrypto failed or already finished"};
  }
  context_.reset();
  return digest;
}

Result<Sha256Digest> sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Result<Sha256Digest> sha256(std::string_view bytes) {
  return sha256(std::as_bytes(std::span(bytes)));
}

Result<Sha256Digest> sha256_of_fd(int fd, std::uint64_t offset, std::uint64_t size) {
  Sha256 hash;
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min<std::uint64_t>(size, kReadBytes)));
  while (size > 0) {
    const std::span part(buffer.data(),
                         static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size())));
    auto got = pread_full(fd, part, static_cast<std::size_t>(offset));
    if (!got) return got.error().with_context("SHA-256");
    if (*got != part.size()) {
      return Error{ErrorCode::kOutOfRange, "SHA-256: the file ends inside the range"};
    }
    hash.update(part);
    offset += part.size();
    size -= part.size();
  }
  return hash.finish();
}

std::string to_hex(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * digest.size());
  for (const std::uint8_t byte : digest) {
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

}  // namespace sonde
