// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/diff.h"

#include <utility>

#include "agent/cli/diff_json.h"
#include "agent/cli/diff_judge.h"
#include "agent/cli/diff_side.h"
#include "agent/cli/diff_view.h"
#include "agent/cli/exit_code.h"
#include "core/base/file.h"

namespace sonde {
namespace {

constexpr std::size_t kDefaultRows = 20;

RenderedDiff render(const DiffInput& input, const DiffOptions& options, const Pen& pen) {
  const ProfileDiff diff(input.sides[0], input.sides[1]);
  const DiffFigures figures = judge_diff(diff, options, kDefaultRows);
  RenderedDiff out;
  out.out = options.json ? json_text(diff_json(input, diff, figures, options)) + "\n"
                         : diff_text(input, diff, figures, options, pen);
  if (!figures.grown.empty()) {
    const Pen errors(detect_terminal(2, ColourChoice::kNever));
    out.grown = grown_text(diff, figures, options, errors);
  }
  return out;
}

}  // namespace

Result<RenderedDiff> render_diff(std::array<std::vector<SymbolizedProfile>, 2> sides,
                                 const DiffOptions& options, const Pen& pen) {
  const auto input = check_diff_input(std::move(sides), options);
  if (!input) return input.error();
  return render(*input, options, pen);
}

int run_diff(const DiffOptions& options) {
  const auto input = read_diff_input(options);
  if (!input) return fail(kExitError, input.error().message);
  const RenderedDiff diff = render(*input, options, Pen(detect_terminal(1, options.colour)));
  const auto written = write_all(1, diff.out);
  if (!written) return fail(kExitError, "cannot write to stdout: " + written.error().message);
  return diff.grown.empty() ? kExitOk : fail(kExitGrown, diff.grown);
}

}  // namespace sonde
