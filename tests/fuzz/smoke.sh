#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one fuzz target for SONDE_FUZZ_SECONDS (default 20) from its seeds. New inputs go to a
# scratch folder; an input that crashes stays beside the target, and its path is printed.
set -euo pipefail

target=$1
seeds=$2
seconds=${SONDE_FUZZ_SECONDS:-20}
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT

folders=("$found")
if [ -d "$seeds" ]; then folders+=("$seeds"); fi
"$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
  -artifact_prefix="$(dirname "$target")/" "${folders[@]}"
