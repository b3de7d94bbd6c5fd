// SPDX-License-Identifier: Apache-2.0
#include "exporters/text/html.h"

#include "exporters/text/escape.h"
#include "exporters/text/flame_payload.h"
#include "exporters/text/flame_tree.h"
#include "exporters/text/web_page.h"

namespace sonde {

std::string encode_html(const SymbolizedProfile& profile) {
  const ExportPage page = export_page();
  const FlameTree tree = FlameTree::build(profile, kMaxNodesOfPage);
  std::string out(page.head);
  out += xml_text(profile.meta.host.empty() ? "CPU profile" : profile.meta.host + " CPU profile");
  out += page.middle;
  out += flame_payload(profile, tree);
  out += page.tail;
  return out;
}

}  // namespace sonde
