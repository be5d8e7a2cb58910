//! What work costs, counted as the processor spends it on this thread alone.

use rustix::time::{ClockId, clock_gettime};

/// Seconds of the processor.
fn spent() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let nanoseconds = i32::try_from(time.tv_nsec).unwrap();
    f64::from(i32::try_from(time.tv_sec).unwrap()) + f64::from(nanoseconds) / 1e9
}

/// What is made of so many, which takes some four times as long as for a quarter of them: the square would be sixteen.
pub fn in_proportion<T>(count: usize, made: impl Fn(usize) -> T) -> T {
    let timed = |count: usize| {
        let before = spent();
        let told = made(count);
        (told, spent() - before)
    };
    let (_, few) = timed(count / 4);
    let (told, many) = timed(count);
    assert!(many < 8.0 * few + 0.1, "{few} s, then {many} s");
    told
}
