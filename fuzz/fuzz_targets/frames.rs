//! [`polygraph_fuzz::frames`], by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| polygraph_fuzz::frames(data));
