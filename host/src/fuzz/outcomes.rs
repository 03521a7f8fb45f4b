//! Outcomes, which libFuzzer takes for coverage besides code: it does not see the branches of TypeScript,
//! only those of the interpreter. So a check says what came of an input, and an input with a new outcome is
//! kept. <https://github.com/llvm/llvm-project/blob/main/compiler-rt/lib/fuzzer/FuzzerExtraCounters.cpp>

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

const COUNTERS: usize = 4096;

/// libFuzzer finds them by the name of the section, reads them after each input and clears them.
#[used]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static OUTCOMES: [AtomicU8; COUNTERS] = [const { AtomicU8::new(0) }; COUNTERS];

/// `outcome` is any text that says little about numbers: each is a branch of its own.
pub fn reached(outcome: &str) {
    let mut hasher = DefaultHasher::new();
    outcome.hash(&mut hasher);
    OUTCOMES[hasher.finish() as usize % COUNTERS].store(1, Relaxed);
}
