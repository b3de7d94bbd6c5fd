# SPDX-License-Identifier: Apache-2.0
# One verb per kind of target.

# Warnings and standard for our own code; sanitizer presets add their flags here. Without
# -Wnull-dereference: g++ 12 raises it inside std::string in optimized builds.
add_library(sonde_options INTERFACE)
target_compile_features(sonde_options INTERFACE cxx_std_20)
target_include_directories(sonde_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(sonde_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wold-style-cast -Wcast-qual -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wundef
  -Wzero-as-null-pointer-constant>
  $<$<AND:$<BOOL:${SONDE_WERROR}>,$<COMPILE_LANGUAGE:CXX>>:-Werror>)
if(SONDE_SANITIZE)
  # The sanitizers' own instructions make g++ see uninitialized values in every std::variant.
  target_compile_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE})
endif()
if(SONDE_FUZZ)
  target_compile_options(sonde_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Tests only, after sonde_options: with optimization g++ 12 sees overflows inside
# its own std::vector and std::string where values are built from constants.
add_library(sonde_test_options INTERFACE)
target_compile_options(sonde_test_options INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>)

# `ninja unit_tests` builds what the tests of one label link, and nothing else:
#   unit     no root, no network, no sleep
#   bpf      loads BPF programs (root)
#   e2e      the sonde binary on real programs (root)
#   kernels  the sonde binary on other kernels, in QEMU
#   web      the exported page in a headless browser
#   lint     rules about the tree
#   fuzz     seconds of each fuzz target (preset asan)
#   bench    measurements; run by `./dev bench` only
#   long     an addition to another label: over 30 s, run by `./dev test --long` only
set(SONDE_TEST_LABELS unit bpf e2e kernels web lint fuzz bench long)
foreach(label IN LISTS SONDE_TEST_LABELS)
  add_custom_target(${label}_tests)
endforeach()

# sonde_test_programs(LABEL targets...): programs that tests of LABEL run without linking them.
function(sonde_test_programs label)
  add_dependencies(${label}_tests ${ARGN})
endfunction()

# sonde_library(<name> SOURCES ... DEPS ... [PRIVATE_DEPS ...])
function(sonde_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;PRIVATE_DEPS")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC sonde_options ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
endfunction()

# Properties that follow from the labels. gtest_discover_tests flattens lists, so several labels
# become one, joined: `ctest -L long` still finds `e2e-long`. Tests that measure or load the host
# (all but unit, lint and fuzz) take the machine for themselves.
function(sonde_label_properties labels out)
  list(JOIN labels "-" joined)
  set(properties LABELS ${joined})
  foreach(label IN LISTS labels)
    if(NOT label IN_LIST SONDE_TEST_LABELS)
      message(FATAL_ERROR "unknown test label ${label}: cmake/SondeTargets.cmake lists them")
    endif()
    if(label MATCHES "^(bpf|e2e|kernels|bench)$")
      set(serial RUN_SERIAL TRUE)
    endif()
  endforeach()
  set(${out} ${properties} ${serial} PARENT_SCOPE)
endfunction()

# sonde_test(<name> SOURCES ... DEPS ... LABELS ... [TIMEOUT seconds])
function(sonde_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;DEPS;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sonde_options ${arg_DEPS} GTest::gtest_main GTest::gmock
    sonde_test_options)
  # What they test is optimized, they themselves are not: that halves the time to compile them.
  # Those that sample themselves stay as programs are.
  if("unit" IN_LIST arg_LABELS)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set_property(GLOBAL APPEND PROPERTY SONDE_TEST_SOURCES ${arg_SOURCES})
  foreach(label IN LISTS arg_LABELS)
    add_dependencies(${label}_tests ${name})
  endforeach()
  sonde_label_properties("${arg_LABELS}" properties)
  if(SONDE_SANITIZE STREQUAL "thread")
    list(APPEND properties ENVIRONMENT
      "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    PROPERTIES TIMEOUT ${arg_TIMEOUT} ${properties})
endfunction()

# sonde_script_test(<name> COMMAND ... LABELS ... [TIMEOUT seconds] [ENVIRONMENT A=b ...]): a test
# that is a program of its own. Exit code 77 = skipped, with the reason as its last line.
function(sonde_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS;ENVIRONMENT")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  sonde_label_properties("${arg_LABELS}" properties)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "${arg_ENVIRONMENT}" ${properties})
endfunction()

# sonde_fuzz(<name> SOURCES ... DEPS ... [SEEDS target]): a libFuzzer target (preset asan). Its seeds
# are the files of corpus/<name> beside it and those that the target SEEDS writes to the build's
# seeds/<name>; a smoke run lasts SONDE_FUZZ_SECONDS (environment, default 20).
function(sonde_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SEEDS" "SOURCES;DEPS")
  if(NOT SONDE_FUZZ)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sonde_options ${arg_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz_tests ${name} ${arg_SEEDS})
  add_test(NAME fuzz.${name}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/fuzz/smoke.sh $<TARGET_FILE:${name}>
            ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name} ${CMAKE_CURRENT_BINARY_DIR}/seeds/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 3600)
endfunction()

# Last call of the root CMakeLists.txt: a test file that nobody registered fails configure.
function(sonde_require_all_tests_registered)
  file(GLOB_RECURSE on_disk CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cc)
  get_property(registered GLOBAL PROPERTY SONDE_TEST_SOURCES)
  if(registered)
    list(REMOVE_ITEM on_disk ${registered})
  endif()
  if(on_disk)
    message(FATAL_ERROR "tests on disk but not registered: ${on_disk}")
  endif()
endfunction()
