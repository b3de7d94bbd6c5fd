// SPDX-License-Identifier: Apache-2.0
// Takes demangled function names apart without a parser for each language: what is a parameter
// list, a template argument list, a namespace. Never fails; a name it cannot read stays whole.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sonde {

// The name without return type, parameters, trailing qualifiers and `[clone …]` notes:
// `int ns::f<T>(T) const [clone .cold]` -> `ns::f<T>`. `operator()`, `(anonymous namespace)` and
// Go's `(*Type)` are kept; a name without parameters keeps its spaces.
std::string without_parameters(std::string_view name);

// Every outermost `<…>` group (and Go's `[…]`) replaced by `<` + filler + `>`; the operators
// <, <<, <=>, -> and the like are left alone.
std::string without_arguments(std::string_view name, std::string_view filler);

// Byte positions after each `::` that is outside all brackets, ascending.
std::vector<std::size_t> component_starts(std::string_view name);

}  // namespace sonde
