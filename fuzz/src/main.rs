//! One libFuzzer program for all targets: `TRESOR_FUZZ_TARGET` says which one runs.

#![no_main]

use std::sync::OnceLock;

use tresor_fuzz::Target;

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET.get_or_init(chosen)(data));

fn chosen() -> Target {
    let name = std::env::var("TRESOR_FUZZ_TARGET").unwrap_or_default();
    // libFuzzer ends the process at each panic. Foreign readers of contents panic behind a fence, which is no finding; what
    // gets past it still is.
    if name == "inspect" || name == "mail" {
        drop(std::panic::take_hook());
    }
    tresor_fuzz::targets()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("TRESOR_FUZZ_TARGET names no target: '{name}'"))
        .1
}
