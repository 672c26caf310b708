//! Documentation made of the table of settings: the tables of `docs/configuration.md`, and `polygraph.example.toml`.
//!
//! Tests hold both files to it. `UPDATE_DOCS=1 cargo test --lib config::docs` writes them anew.

use super::file::literal;
use super::setting::About;
use super::{Config, ConfigFile, Origin, SECTIONS};

/// The tables of `docs/configuration.md`, one per section.
fn markdown_tables() -> String {
    let mut text = String::new();
    for section in SECTIONS {
        text += &format!("### {}\n\n", section.title);
        text += "| key | environment | flag | default | what it does |\n|---|---|---|---|---|\n";
        for about in section.settings {
            let flag = about.flag.map(|flag| format!("`--{flag}`")).unwrap_or_default();
            let default =
                if about.default.is_empty() { about.unset.to_owned() } else { format!("`{}`", about.default) };
            text += &format!("| `{}` | `{}` | {flag} | {default} | {} |\n", about.key, about.env(), about.doc);
        }
        text += "\n";
    }
    text
}

/// `polygraph.example.toml`: every setting, commented out, with its default or an example.
fn example_file() -> String {
    let mut text = "# Every setting of Polygraph with its default, or with an example where it has none.\n\
                    # Copy this file to `polygraph.toml` and uncomment what you change; docs/configuration.md has more.\n"
        .to_owned();
    for section in SECTIONS {
        text += &format!("\n# --- {} ---\n", section.title);
        for about in section.settings {
            text += &format!("\n{}{}\n", comment(about), line(about));
        }
    }
    text
}

fn comment(about: &About) -> String {
    let unset = if about.unset.is_empty() { String::new() } else { format!(" Default: {}.", about.unset) };
    let mut text = String::new();
    let mut width = 0;
    for word in about.doc.split(' ').chain(unset.split(' ').filter(|word| !word.is_empty())) {
        if width == 0 || width + 1 + word.len() > 110 {
            text += if width == 0 { "# " } else { "\n# " };
            width = 0;
        } else {
            text += " ";
            width += 1;
        }
        text += word;
        width += word.len();
    }
    text + "\n"
}

fn line(about: &About) -> String {
    let value = if about.default.is_empty() { about.example } else { about.default };
    format!("#{} = {}", about.key, literal(value))
}

const BEGIN: &str = "<!-- settings: made by `UPDATE_DOCS=1 cargo test --lib config::docs` -->\n";
const END: &str = "<!-- /settings -->";

/// Holds the file at `path` (from the repository's root) to `expected`, or writes it.
fn hold(path: &str, expected: impl FnOnce(&str) -> String) {
    let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&full).unwrap_or_default();
    let expected = expected(&text);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&full, expected).expect("the file can be written");
    } else {
        assert_eq!(text, expected, "{path} is stale: run UPDATE_DOCS=1 cargo test --lib config::docs");
    }
}

#[test]
fn the_documentation_lists_every_setting() {
    hold("docs/configuration.md", |text| {
        let (before, rest) = text.split_once(BEGIN).expect("the begin of the tables is marked");
        let (_, after) = rest.split_once(END).expect("the end of the tables is marked");
        format!("{before}{BEGIN}\n{}{END}{after}", markdown_tables())
    });
}

#[test]
fn the_example_file_has_every_setting() {
    hold("polygraph.example.toml", |_| example_file());
}

#[test]
fn the_example_file_is_valid_and_says_the_defaults() {
    let uncommented: Vec<_> = example_file()
        .lines()
        .map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')).unwrap_or(line).to_owned())
        .collect();
    let file = ConfigFile { path: "polygraph.example.toml".into(), text: uncommented.join("\n") };
    let example = Config::from_sources(Some(&file), &[], &[]).expect("the example is valid");
    let defaults = Config::from_sources(None, &[], &[]).expect("the defaults are valid");
    for (shown, default) in example.in_force().iter().zip(defaults.in_force()) {
        assert!(matches!(shown.origin, Origin::File { .. }), "{} is missing", shown.key);
        assert!(default.value.is_none() || shown.value == default.value, "{}", shown.key);
    }
}
