//! Every file of the corpus, to its target.

use std::panic::catch_unwind;
use std::path::Path;

use polygraph_fuzz::TARGETS;

#[test]
fn whatever_was_found_is_read_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut broken = Vec::new();
    for (name, target) in TARGETS {
        let entries = std::fs::read_dir(corpus.join(name)).expect("each target has a corpus");
        let files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        assert!(files.len() >= 5, "{name} has next to no corpus");
        for file in files {
            let data = std::fs::read(&file).expect("a file");
            if catch_unwind(|| target(&data)).is_err() {
                broken.push(file);
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn every_target_is_fuzzed_and_has_a_corpus() {
    let names = |directory: &str| {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).expect("a directory");
        let mut names: Vec<_> = entries
            .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").display().to_string())
            .collect();
        names.sort();
        names
    };
    let mut targets = TARGETS.map(|(name, _)| name);
    targets.sort();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
}
