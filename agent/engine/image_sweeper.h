// SPDX-License-Identifier: Apache-2.0
// Gives back what the session holds of files that nobody maps any more: descriptors, slots in the
// kernel's tables, rows. A session that lasts meets new programs for ever.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/engine/row_loader.h"
#include "agent/engine/table_publisher.h"
#include "agent/pipeline/window_set.h"
#include "agent/process/code_maps.h"
#include "agent/process/image_registry.h"
#include "agent/process/process_table.h"

namespace sonde {

// Thread-confined (the session's).
class ImageSweeper {
 public:
  struct Parts {  // all outlive this
    ImageRegistry& images;
    TablePublisher& publisher;
    CodeMaps& code_maps;
    const ProcessTable& processes;
    const WindowSet& windows;
    RowLoader& loader;
  };
  ImageSweeper(const Parts& parts, std::uint64_t interval_ns)
      : parts_(parts), interval_ns_(interval_ns) {}

  // Releases images that nothing named at this look and at the one before: what the kernel had
  // published of them is replaced by then.
  // cost  nothing within the interval of the last look; else linear in the mappings of all
  // processes.
  void sweep(std::uint64_t now_ns);

 private:
  [[nodiscard]] std::vector<bool> named() const;

  const Parts parts_;
  const std::uint64_t interval_ns_;
  std::vector<bool> unnamed_before_;  // by ImageId
  std::uint64_t swept_ns_ = 0;
};

}  // namespace sonde
