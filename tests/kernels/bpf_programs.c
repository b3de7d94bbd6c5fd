// SPDX-License-Identifier: Apache-2.0
// Prints every loaded BPF program: name, type, instructions that the verifier processed, run time
// in ns and runs. Static, so that it runs in a guest; needs CAP_SYS_ADMIN.
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long bpf(int command, union bpf_attr* attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int main(void) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  while (bpf(BPF_PROG_GET_NEXT_ID, &attributes) == 0) {
    const __u32 id = attributes.next_id;
    struct bpf_prog_info info;
    memset(&info, 0, sizeof info);
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_id = id;
    const int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
    if (fd >= 0) {
      memset(&attributes, 0, sizeof attributes);
      attributes.info.bpf_fd = (__u32)fd;
      attributes.info.info_len = sizeof info;
      attributes.info.info = (__u64)(unsigned long)&info;
      if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes) == 0) {
        printf("BPF %s %u %u %llu %llu\n", info.name, info.type, info.verified_insns,
               (unsigned long long)info.run_time_ns, (unsigned long long)info.run_cnt);
      }
      close(fd);
    }
    memset(&attributes, 0, sizeof attributes);
    attributes.start_id = id;
  }
  return errno == ENOENT ? 0 : 1;
}
