// SPDX-License-Identifier: Apache-2.0
// Rust calls: modules, generics, a trait object, a closure, recursion, a panic that is caught, and
// a thread.
use std::time::{Duration, Instant};

// [own*]: functions of the standard library, which is linked into this program.
// Unoptimized code also calls it for the simplest operations.
const TRUTH: &str = r#"{"callees": ["own", "libc", "ld"], "chains": [
"[start] [ruststart] chain::main chain::site::dynamic <chain::site::Square as chain::site::Shape>::area chain::site::generic chain::site::leaf",
"[start] [ruststart] chain::main chain::site::closure [own*] chain::site::called chain::site::leaf",
"[start] [ruststart] chain::main chain::site::recurse{50} chain::site::leaf",
"[start] [ruststart] chain::main chain::site::sorted [own*] chain::site::compare",
"?[start] [ruststart] chain::main chain::site::sorted [own*] [libc*]",
"[thread] [own*] chain::site::thread_body chain::site::generic chain::site::leaf",
"?[start] [ruststart] chain::main chain::site::threaded [own*] [libc*]",
"?[start] [ruststart] chain::main [own*] [libc*] [vdso*]"]}"#;

// The compiler must assume that the value is read and changed here.
#[inline(always)]
fn black_box<T>(mut value: T) -> T {
    unsafe { std::arch::asm!("/* {0} */", in(reg) &mut value, options(nostack, preserves_flags)) };
    value
}

mod site {
    use crate::black_box;

    #[inline(never)]
    pub fn leaf(turns: u64) -> u64 {
        let mut x = turns;
        for _ in 0..turns {
            x ^= x << 13;
            x ^= x >> 7;
            x = black_box(x);
        }
        x
    }

    #[inline(never)]
    pub fn generic<T: Into<u64> + Copy>(turns: T) -> u64 {
        leaf(turns.into()).wrapping_add(black_box(1))
    }

    pub trait Shape {
        fn area(&self, turns: u64) -> u64;
    }

    pub struct Square(pub u64);

    impl Shape for Square {
        #[inline(never)]
        fn area(&self, turns: u64) -> u64 {
            generic::<u64>(turns + self.0).wrapping_add(black_box(1))
        }
    }

    #[inline(never)]
    pub fn dynamic(shape: &dyn Shape) -> u64 {
        shape.area(100_000).wrapping_add(black_box(11))
    }

    #[inline(never)]
    pub fn called(turns: u64) -> u64 {
        leaf(turns).wrapping_add(black_box(13))
    }

    #[inline(never)]
    pub fn closure(more: u64) -> u64 {
        let call: Box<dyn Fn(u64) -> u64> =
            Box::new(move |turns| called(turns + more).wrapping_add(black_box(17)));
        black_box(call)(100_000).wrapping_add(black_box(17))
    }

    #[inline(never)]
    pub fn recurse(depth: u64) -> u64 {
        if depth <= 1 {
            return leaf(100_000).wrapping_add(black_box(19));
        }
        recurse(depth - 1).wrapping_add(black_box(depth))
    }

    #[inline(never)]
    pub fn compare(left: &u64, right: &u64) -> std::cmp::Ordering {
        let mut x = *left;
        for _ in 0..1000 {
            x = black_box(x ^ (x >> 3));
        }
        black_box(left).cmp(right)
    }

    #[inline(never)]
    pub fn sorted() -> u64 {
        let mut state = 7u64;
        let mut values: Vec<u64> = (0..64)
            .map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                state >> 33
            })
            .collect();
        values.sort_by(compare);
        black_box(values[0])
    }

    #[inline(never)]
    pub fn thread_body() -> u64 {
        // So long that the thread's begin and end are little beside it.
        generic::<u64>(3_000_000).wrapping_add(black_box(23))
    }

    #[inline(never)]
    pub fn threaded() -> u64 {
        let thread = std::thread::spawn(|| thread_body().wrapping_add(black_box(29)));
        thread.join().unwrap_or(0)
    }
}

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "1".to_string());
    if argument == "--truth" {
        println!("{}", TRUTH);
        return;
    }
    let seconds: f64 = argument.parse().unwrap_or(1.0);
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let square = site::Square(3);
    while Instant::now() < end {
        black_box(site::dynamic(&square));
        black_box(site::closure(2));
        black_box(site::recurse(50));
        black_box(site::sorted());
        black_box(site::threaded());
    }
}
