// SPDX-License-Identifier: Apache-2.0
// Numbers of things that are kept elsewhere, found by the hash of the thing: open addressing in one
// block of memory, so that a look-up is one or two reads where nodes of a std::unordered_map are
// spread over the heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sonde {

// Thread-confined. Things are never taken out.
class HashIndex {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // hash  its high 32 bits are used, and have to be well mixed.
  // is    is(number): whether the thing with that number is the one looked for.
  // returns  its number, or kNone.
  template <typename Is>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, const Is& is) const {
    const auto tag = static_cast<std::uint32_t>(hash >> 32U);
    for (std::size_t at = place_of(tag); slots_[at].number != kNone; at = next(at)) {
      if (slots_[at].tag == tag && is(slots_[at].number)) return slots_[at].number;
    }
    return kNone;
  }

  // Precondition: it is not there; number < kNone, fewer than 2^30 things.
  // cost  8 to 32 bytes of memory a thing; twice that while it grows.
  void add(std::uint64_t hash, std::uint32_t number) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    put({static_cast<std::uint32_t>(hash >> 32U), number});
    ++size_;
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t number = kNone;
  };

  [[nodiscard]] std::size_t place_of(std::uint32_t tag) const { return tag >> shift_; }
  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  void put(const Slot& slot) {
    std::size_t at = place_of(slot.tag);
    while (slots_[at].number != kNone) at = next(at);
    slots_[at] = slot;
  }
  void grow() {
    std::vector<Slot> before(2 * slots_.size());
    before.swap(slots_);
    --shift_;
    for (const Slot& slot : before) {
      if (slot.number != kNone) put(slot);
    }
  }

  static constexpr unsigned kFirstBits = 8;
  unsigned shift_ = 32 - kFirstBits;
  std::size_t size_ = 0;
  std::vector<Slot> slots_ = std::vector<Slot>(std::size_t{1} << kFirstBits);
};

}  // namespace sonde
