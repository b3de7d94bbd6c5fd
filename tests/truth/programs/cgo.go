// SPDX-License-Identifier: Apache-2.0
// Go calls C, which runs on the thread's stack; C calls back into Go, which runs on the
// goroutine's again. The callback's stack goes on with the goroutine's, as Go's own traces do.
package main

/*
#include <stdint.h>

extern uint64_t callback(uint64_t);

__attribute__((noinline, noclone)) static uint64_t c_leaf(uint64_t turns) {
  uint64_t x = turns;
  for (uint64_t i = 0; i < turns; ++i) x = x * 3 + (x >> 7);
  return x;
}

__attribute__((noinline, noclone)) static uint64_t c_middle(uint64_t turns) {
  const uint64_t x = c_leaf(turns);
  __asm__ volatile("" ::: "memory");
  return x + 1;
}

__attribute__((noinline, noclone)) static uint64_t c_calls_back(uint64_t turns) {
  const uint64_t x = callback(turns);
  __asm__ volatile("" ::: "memory");
  return x + 1;
}
*/
import "C"

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const truth = `{"callees": ["own", "vdso", "libc"], "chains": [
"[gostart] main.main main.calls_c [own+] c_middle c_leaf",
"[gostart] main.main main.calls_back [own+] main.callback main.leaf",
"?[gostart] main.main main.calls_back [own+]",
"?[gostart] main.main"]}`

//go:noinline
func leaf(turns uint64) uint64 {
	x := turns
	for i := uint64(0); i < turns; i++ {
		x = x*3 + (x >> 7)
	}
	return x
}

//go:noinline
//export callback
func callback(turns C.uint64_t) C.uint64_t { return C.uint64_t(leaf(uint64(turns)) + 1) }

//go:noinline
func calls_c(turns uint64) uint64 { return uint64(C.c_middle(C.uint64_t(turns))) + 1 }

//go:noinline
func calls_back(turns uint64) uint64 { return uint64(C.c_calls_back(C.uint64_t(turns))) + 1 }

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--truth" {
		fmt.Println(truth)
		return
	}
	seconds, _ := strconv.ParseFloat(os.Args[1], 64)
	end := time.Now().Add(time.Duration(seconds * 1e9))
	sum := uint64(0)
	for time.Now().Before(end) {
		sum += calls_c(200000) + calls_back(200000)
	}
	if sum == 1 {
		fmt.Println(sum)
	}
}
