// SPDX-License-Identifier: Apache-2.0
// Shorter forms of a function name for drawing: the tail tells functions apart, so it goes last.
// web/names.js makes the same forms; tests/fixtures/short_names.tsv holds both to it. Stateless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

// The forms from whole to bare, each different from the one before:
//   the whole name; without parameters, return type, clone marks and hash; template arguments as
//   `<…>`; leading namespaces dropped behind `…` (C: `__x64_sys_`, `_` dropped); the last name.
// cost  linear in the name times its namespaces.
std::vector<std::string> name_forms(std::string_view name);

// The first form of printable(name) that has at most `columns` characters, else the head of the
// last form and `…`. Characters are counted as code points.
std::string fit_name(std::string_view name, std::size_t columns);

}  // namespace sonde
