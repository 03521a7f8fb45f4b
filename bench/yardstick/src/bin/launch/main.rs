//! Starts programs and measures each from before its clone until it was reaped, with as little as possible around it.
//!
//! It reads a script from stdin, one word and its text a line, and runs each case as it comes:
//!
//! | line | meaning |
//! |---|---|
//! | `case` | begins the next case; the following lines are its own |
//! | `arg TEXT`, `env NAME=VALUE` | its argv (the first is the file, not looked up) and its environment |
//! | `join FILE` | a `cgroup.procs` that the process enters before it becomes the program |
//! | `evict FILE` | drops the file from the page cache before each start |
//! | `timeout MILLISECONDS` | what runs for longer is killed, and has the status 137 |
//! | `turns WARM-UP ROUNDS` | starts all cases in turns, and prints a line for each start after the warm-up |
//! | `crowd CASE COUNT` | starts COUNT of a case at once, and prints a line for all |
//!
//! Printed: `CASE WALL-NS CPU-NS PEAK-KIB STATUS` for a start, and `crowd CASE WALL-NS CPU-NS PEAK-KIB SUCCEEDED` for a
//! crowd. CPU is user and system time, of waited-for children too. The peak is the kernel's `ru_maxrss`, which for a
//! cloned process begins with what its parent has: this program's own, about 1 MiB, is the least that can be seen.

mod process;

use process::{Case, Null};
use std::ffi::CString;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

fn main() {
    process::block_sigchld();
    let mut cases: Vec<Case> = Vec::new();
    let mut timeout = Duration::from_secs(60);
    let null = Null::open();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("stdin");
        let (word, text) = line.split_once(' ').unwrap_or((&line, ""));
        let numbers: Vec<usize> = text.split(' ').filter_map(|number| number.parse().ok()).collect();
        let string = || CString::new(text).expect("no NUL");
        match (word, numbers.as_slice()) {
            ("case", _) => cases.push(Case::default()),
            ("arg", _) => last(&mut cases).argv.push(string()),
            ("env", _) => last(&mut cases).env.push(string()),
            ("join", _) => last(&mut cases).groups.push(process::open_for_writing(&string())),
            ("evict", _) => last(&mut cases).evicted.push(string()),
            ("timeout", [milliseconds]) => timeout = Duration::from_millis(*milliseconds as u64),
            ("turns", [warm_up, rounds]) => turns(&cases, *warm_up, *rounds, timeout, &null),
            ("crowd", [index, count]) => crowd(&cases[*index], *index, *count, timeout, &null),
            _ => panic!("unknown line: {word}"),
        }
    }
}

fn last(cases: &mut [Case]) -> &mut Case {
    cases.last_mut().expect("a case")
}

fn turns(cases: &[Case], warm_up: usize, rounds: usize, timeout: Duration, null: &Null) {
    for round in 0..warm_up + rounds {
        for turn in 0..cases.len() {
            // There and back again, so that no program always follows the same other one.
            let index = if round % 2 == 0 { turn } else { cases.len() - 1 - turn };
            cases[index].evicted.iter().for_each(|file| process::evict(file));
            let begin = Instant::now();
            process::start(&cases[index], null);
            let one = process::reap(begin + timeout);
            let wall_ns = begin.elapsed().as_nanos();
            if round >= warm_up {
                say(format_args!("{index} {wall_ns} {} {} {}", one.cpu_ns, one.peak_kib, one.status));
            }
        }
    }
}

fn crowd(case: &Case, index: usize, count: usize, timeout: Duration, null: &Null) {
    let begin = Instant::now();
    (0..count).for_each(|_| process::start(case, null));
    let ended: Vec<_> = (0..count).map(|_| process::reap(begin + timeout)).collect();
    let wall_ns = begin.elapsed().as_nanos();
    let cpu_ns: u64 = ended.iter().map(|one| one.cpu_ns).sum();
    let peak_kib = ended.iter().map(|one| one.peak_kib).max().unwrap_or(0);
    let succeeded = ended.iter().filter(|one| one.status == 0).count();
    say(format_args!("crowd {index} {wall_ns} {cpu_ns} {peak_kib} {succeeded}"));
}

fn say(line: std::fmt::Arguments) {
    writeln!(std::io::stdout(), "{line}").expect("stdout");
}
