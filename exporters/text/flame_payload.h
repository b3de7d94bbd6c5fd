// SPDX-License-Identifier: Apache-2.0
// The flame graph as JSON for the page: flat integer arrays, nodes in pre-order. Body of the HTML
// export and of the web API. Stateless, thread-safe.
//
//   {"v":1,"type":"cpu","unit":"nanoseconds","tick":10101010,     value = integer * tick
//    "from":ms,"to":ms,"ncpu":2,"samples":n,"total":n,"rates":[99],
//    "trust":{"produced":n,"lost":n,"missed":n,"expected":n,"whole":n,"early":n},
//    "names":[...],"images":[[path,build id],...],
//    "fn":[],"fi":[],"fk":[]   frame table: name, image, kind + 8 * flags (1 inlined,
//                              2 fp-stepped, 4 has line)
//    "d":[],                   level minus previous node's level
//    "f":[],"s":[]             frame and self in ticks per node; "n":[] samples if weighted
//    "r":[frame,reason,...],"reasons":[...],
//    "pids":[[frame,first,count],...]   processes of a group
//    "more":{"nodes":n,"ticks":n},
//    "meta":{host,kernel,version,rate,duration_ns,lost:{},stops:{},notes:{},
//            explain:{stop reason: sentence},cost:{}}}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/profile.h"
#include "exporters/text/flame_tree.h"

namespace sonde {

inline constexpr std::size_t kMaxNodesOfPage = 120'000;

// The payload of `tree`, which was built from `profile`. Text is as append_json_string() makes it;
// a name over 4 KiB is cut with `…`.
std::string flame_payload(const SymbolizedProfile& profile, const FlameTree& tree);

// What an answer of the agent says beside that (docs/api.md). Times are Unix ns.
struct FlameAnswer {
  struct Before {
    std::uint64_t from_ns = 0;
    std::uint64_t to_ns = 0;
    std::uint64_t stored = 0;
    std::uint64_t unaccounted = 0;
    ProfileMeta meta = {};
  };
  std::uint64_t from_ns = 0;  // the range that was asked for
  std::uint64_t to_ns = 0;
  std::uint64_t history_ns = 0;           // begin of the oldest stored window, 0: none
  std::vector<std::uint32_t> rates = {};  // each once, Hz
  std::uint64_t stored = 0;               // samples of the range, whoever was sampled
  std::uint64_t unaccounted = 0;          // ticks that the books do not explain
  std::vector<std::string> errors = {};   // what could not be read
  std::optional<Before> before = {};      // in a comparison
};

// The payload with it; of a comparison `tree` has both sides.
std::string flame_payload(const SymbolizedProfile& profile, const FlameTree& tree,
                          const FlameAnswer& answer);

}  // namespace sonde
