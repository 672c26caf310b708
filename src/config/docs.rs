//! Documentation made of the table of settings: the table of `docs/configuration.md`, and `polygraph.example.toml`.

use super::SECTIONS;
use super::file::literal;
use super::setting::About;

/// The tables of `docs/configuration.md`, one per section.
pub fn markdown_table() -> String {
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
pub fn example_file() -> String {
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
