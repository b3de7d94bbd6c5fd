# SPDX-License-Identifier: Apache-2.0
# Compiles a BPF program with clang and generates its libbpf skeleton with bpftool.
find_program(SONDE_CLANG NAMES clang-14 clang REQUIRED)
find_program(SONDE_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
find_program(SONDE_LLVM_STRIP NAMES llvm-strip-14 llvm-strip REQUIRED)

# sonde_bpf_object(<name>): <name>.bpf.c of this folder -> generated/bpf/<name>.skel.h, target
# bpf_<name>.
function(sonde_bpf_object name)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${name}.bpf.c)
  set(object ${PROJECT_BINARY_DIR}/bpf/${name}.bpf.o)
  set(skeleton ${PROJECT_BINARY_DIR}/generated/bpf/${name}.skel.h)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/bpf ${PROJECT_BINARY_DIR}/generated/bpf)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${SONDE_CLANG} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror
            -D__TARGET_ARCH_x86 -I${PROJECT_SOURCE_DIR} -I${PROJECT_SOURCE_DIR}/bpf/include
            -idirafter /usr/include/${CMAKE_SYSTEM_PROCESSOR}-linux-gnu
            -MD -MF ${object}.d -c ${source} -o ${object}
    COMMAND ${SONDE_LLVM_STRIP} -g ${object}
    DEPENDS ${source} DEPFILE ${object}.d
    COMMENT "BPF ${name}" VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND sh -c "${SONDE_BPFTOOL} gen skeleton ${object} name ${name}_bpf > ${skeleton}"
    DEPENDS ${object} COMMENT "BPF skeleton ${name}" VERBATIM)
  add_custom_target(bpf_${name}_skeleton DEPENDS ${skeleton})
  add_library(bpf_${name} INTERFACE)
  add_dependencies(bpf_${name} bpf_${name}_skeleton)
  target_include_directories(bpf_${name} SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/generated/bpf)
endfunction()
