#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the packages of package-lock.json beside it. $1 = npm.
set -euo pipefail

folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
stamp=$folder/node_modules/.installed
if [ -f "$stamp" ] && cmp -s "$stamp" "$folder/package-lock.json"; then exit 0; fi
cd "$folder"
"$1" ci --no-audit --no-fund
cp package-lock.json "$stamp"
