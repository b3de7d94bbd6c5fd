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

#include <string>

#include "core/model/profile.h"
#include "exporters/text/flame_tree.h"

namespace sonde {

inline constexpr std::size_t kMaxNodesOfPage = 120'000;

// The payload of `tree`, which was built from `profile`. Text is as append_json_string() makes it;
// a name over 4 KiB is cut with `…`.
std::string flame_payload(const SymbolizedProfile& profile, const FlameTree& tree);

}  // namespace sonde
