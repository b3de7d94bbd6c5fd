// SPDX-License-Identifier: Apache-2.0
// make_profile small|node|hostile|large|empty|FILE.pb.gz OUTPUT: writes an invented profile, or
// one that was recorded, in the format of OUTPUT's extension. For browser tests and for looking at.
#include <cstdio>
#include <string>

#include "core/base/file.h"
#include "exporters/pprof/decode.h"
#include "exporters/pprof/encode.h"
#include "exporters/text/flame_payload.h"
#include "exporters/text/folded.h"
#include "exporters/text/html.h"
#include "exporters/text/speedscope.h"
#include "exporters/text/svg.h"
#include "tests/support/sample_profile.h"

namespace {

using sonde::Error;
using sonde::ErrorCode;
using sonde::Result;
using sonde::SymbolizedProfile;

Result<SymbolizedProfile> profile_named(const std::string& name) {
  constexpr std::size_t kMaxFile = std::size_t{1} << 30;
  if (name == "small") return sonde::small_profile();
  if (name == "node") return sonde::node_profile();
  if (name == "hostile") return sonde::hostile_profile();
  if (name == "large") return sonde::large_profile(250'000);
  if (name == "empty") return SymbolizedProfile{};
  const auto bytes = sonde::read_file(name, kMaxFile);
  if (!bytes) return bytes.error();
  return sonde::decode_pprof(*bytes);
}

Result<std::string> encoded(const SymbolizedProfile& profile, const std::string& path) {
  if (path.ends_with(".pb.gz")) return sonde::encode_pprof(profile);
  if (path.ends_with(".folded")) return sonde::encode_folded(profile);
  if (path.ends_with(".html")) return sonde::encode_html(profile);
  if (path.ends_with(".svg")) return sonde::encode_svg(profile);
  if (path.ends_with(".speedscope.json")) return sonde::encode_speedscope(profile);
  if (path.ends_with(".payload.json")) {
    return sonde::flame_payload(profile, sonde::FlameTree::build(profile, sonde::kMaxNodesOfPage));
  }
  return Error{ErrorCode::kInvalidArgument, path + ": unknown extension"};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: make_profile small|node|hostile|large|empty|FILE.pb.gz OUTPUT\n", stderr);
    return 2;
  }
  const auto profile = profile_named(argv[1]);
  const auto bytes = profile ? encoded(*profile, argv[2]) : Result<std::string>(profile.error());
  const auto written =
      bytes ? sonde::write_file_atomically(argv[2], *bytes) : Result<void>(bytes.error());
  if (!written) {
    std::fprintf(stderr, "make_profile: %s\n", written.error().message.c_str());
    return 1;
  }
  return 0;
}
