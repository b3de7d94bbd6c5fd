# SPDX-License-Identifier: Apache-2.0
# One verb per kind of target.

# Warnings and standard for our own code; sanitizer presets add their flags here.
add_library(sonde_options INTERFACE)
target_compile_features(sonde_options INTERFACE cxx_std_20)
target_include_directories(sonde_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_options(sonde_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wold-style-cast -Wcast-qual -Wnon-virtual-dtor -Woverloaded-virtual -Wformat=2 -Wundef
  -Wnull-dereference -Wzero-as-null-pointer-constant>
  $<$<AND:$<BOOL:${SONDE_WERROR}>,$<COMPILE_LANGUAGE:CXX>>:-Werror>)
if(SONDE_SANITIZE)
  target_compile_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(sonde_options INTERFACE -fsanitize=${SONDE_SANITIZE})
endif()

# sonde_library(<name> SOURCES ... DEPS ... [PRIVATE_DEPS ...])
function(sonde_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;PRIVATE_DEPS")
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC sonde_options ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
endfunction()

# sonde_test(<name> SOURCES ... DEPS ... LABELS ... [TIMEOUT seconds])
function(sonde_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;DEPS;LABELS")
  if(NOT SONDE_TESTS)
    return()
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sonde_options ${arg_DEPS} GTest::gtest_main GTest::gmock)
  list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set_property(GLOBAL APPEND PROPERTY SONDE_TEST_SOURCES ${arg_SOURCES})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()

# Last call of the root CMakeLists.txt: a test file that nobody registered fails configure.
function(sonde_require_all_tests_registered)
  if(NOT SONDE_TESTS)
    return()
  endif()
  file(GLOB_RECURSE on_disk CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*_test.cc)
  get_property(registered GLOBAL PROPERTY SONDE_TEST_SOURCES)
  if(registered)
    list(REMOVE_ITEM on_disk ${registered})
  endif()
  if(on_disk)
    message(FATAL_ERROR "tests on disk but not registered: ${on_disk}")
  endif()
endfunction()
