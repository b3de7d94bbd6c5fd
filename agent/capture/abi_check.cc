// SPDX-License-Identifier: Apache-2.0
// Fails the build if g++ and clang for BPF could disagree about a shared layout.
#include <cstddef>
#include <type_traits>

#include "bpf/abi/counters.h"
#include "bpf/abi/process.h"
#include "bpf/abi/rows.h"
#include "bpf/abi/sample.h"

namespace {

template <typename T>
constexpr bool kFixedLayout =
    std::is_trivially_copyable_v<T>&& std::has_unique_object_representations_v<T>;

static_assert(kFixedLayout<sonde_sample> && sizeof(sonde_sample) == 96);
static_assert(kFixedLayout<sonde_process_event> && sizeof(sonde_process_event) == 64);
static_assert(kFixedLayout<sonde_row> && sizeof(sonde_row) == 8);
static_assert(kFixedLayout<sonde_page> && sizeof(sonde_page) == 8);
static_assert(kFixedLayout<sonde_image> && sizeof(sonde_image) == 8);
static_assert(kFixedLayout<sonde_range> && sizeof(sonde_range) == 24);
static_assert(kFixedLayout<sonde_process> && sizeof(sonde_process) == 32);
static_assert(kFixedLayout<sonde_cpu> && sizeof(sonde_cpu) == 128);
static_assert(SONDE_CPU_COUNTER_COUNT < 15);

}  // namespace
