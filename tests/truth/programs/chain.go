// SPDX-License-Identifier: Apache-2.0
// Go calls: a plain chain, an interface's method, a closure, a goroutine of its own, deep recursion
// on a stack that has to grow (morestack runs on the thread's stack), large allocations (systemstack
// does) and clock reads (the vdso is called on an aligned stack).
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const truth = `{"callees": ["own", "vdso"], "chains": [
"[gostart] main.main main.alpha main.beta main.leaf",
"[gostart] main.main main.through [own*] main.rectangle.area main.leaf",
"[gostart] main.main main.closed main.call main.closed.func1 main.leaf",
"[gostart] main.worker main.beta main.leaf",
"[gostart] main.grown main.descend{1,300} main.leaf",
"[gostart] main.main main.allocates",
"?[gostart] main.grown main.descend{0,300}",
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
func beta(turns uint64) uint64 { return leaf(turns) + 1 }

//go:noinline
func alpha(turns uint64) uint64 {
	var pad [40]uint64
	pad[turns%40] = beta(turns)
	return pad[turns%40] + 1
}

type shape interface{ area(uint64) uint64 }
type rectangle struct{ side uint64 }

//go:noinline
func (r rectangle) area(turns uint64) uint64 { return leaf(turns) + r.side }

//go:noinline
func through(s shape, turns uint64) uint64 { return s.area(turns) + 1 }

//go:noinline
func call(work func(uint64) uint64, turns uint64) uint64 { return work(turns) + 1 }

//go:noinline
func closed(turns uint64) uint64 {
	more := turns / 2
	return call(func(n uint64) uint64 { return leaf(n+more) + more }, turns) + 1
}

//go:noinline
func worker(turns uint64, out chan uint64) { out <- beta(turns) }

//go:noinline
func descend(depth int, turns uint64) uint64 {
	var pad [16]uint64
	pad[depth%16] = turns
	if depth <= 1 {
		return leaf(turns) + pad[depth%16]
	}
	return descend(depth-1, turns) + pad[depth%16]
}

//go:noinline
func grown(turns uint64, out chan uint64) { out <- descend(300, turns) }

var kept []byte

//go:noinline
func allocates() uint64 {
	for i := 0; i < 4; i++ {
		kept = make([]byte, 200000)
	}
	return uint64(len(kept))
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "--truth" {
		fmt.Println(truth)
		return
	}
	seconds, _ := strconv.ParseFloat(os.Args[1], 64)
	end := time.Now().Add(time.Duration(seconds * 1e9))
	out := make(chan uint64)
	sum := uint64(0)
	for time.Now().Before(end) {
		sum += alpha(200000) + through(rectangle{3}, 200000) + closed(200000) + allocates()
		go worker(200000, out)
		go grown(200000, out)
		sum += <-out + <-out
	}
	if sum == 1 {
		fmt.Println(sum)
	}
}
