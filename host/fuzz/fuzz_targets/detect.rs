#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| envseal_host::fuzz::detect(data));
