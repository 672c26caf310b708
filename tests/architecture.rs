//! Holds the code to `docs/architecture.md`: the table of imports is read from there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file, with the module it belongs to as the table names it.
struct Source {
    path: PathBuf,
    module: String,
    /// How many modules deep the file's own module is below the crate.
    depth: usize,
    text: String,
    /// The text without comment lines and without its unit tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 30, "the sources are found");
    files.into_iter().map(|path| source(&root, path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn source(root: &Path, path: PathBuf) -> Source {
    let relative = path.strip_prefix(root).expect("below src").with_extension("");
    let mut parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    let module = match parts.as_slice() {
        [stores, store, ..] if stores == "stores" => format!("stores::{store}"),
        [top, ..] => top.clone(),
        [] => String::new(),
    };
    let text = fs::read_to_string(&path).expect("a readable file");
    let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code = production.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    Source { path, module, depth: parts.len(), text, code }
}

/// Module → what it may import, from the document's table.
fn allowed() -> BTreeMap<String, Vec<String>> {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let document = fs::read_to_string(document).expect("docs/architecture.md");
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect::<Vec<_>>();
    let rows = document.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let everything = cells[2].contains("everything").then(|| "everything".to_owned());
        (quoted(cells[0])[0].clone(), quoted(cells[2]).into_iter().chain(everything).collect())
    })
    .collect()
}

/// The modules of this crate that some code names by `crate::…`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            found.extend(heads(group));
        } else {
            let path: String = rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            found.push(named(&path));
        }
    }
    found
}

/// The first names within a `{…}` group of imports.
fn heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut current) = (0, Vec::new(), String::new());
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => heads.push(named(std::mem::take(&mut current).trim())),
            c if depth == 0 => current.push(c),
            _ => {}
        }
    }
    heads.push(named(current.trim()));
    heads.retain(|head| !head.is_empty());
    heads
}

/// The module of the table that a path lies in.
fn named(path: &str) -> String {
    match path.split("::").collect::<Vec<_>>().as_slice() {
        ["stores", store, ..] if !store.is_empty() => format!("stores::{store}"),
        [top, ..] => (*top).to_owned(),
        [] => String::new(),
    }
}

#[test]
fn imports_go_as_the_map_says() {
    let allowed = allowed();
    let mut broken = Vec::new();
    for source in sources() {
        if ["", "lib", "main", "stores"].contains(&source.module.as_str()) || source.module == "stores::mod" {
            continue;
        }
        let Some(may) = allowed.get(&source.module) else {
            broken.push(format!("{}: module `{}` is not on the map", source.path.display(), source.module));
            continue;
        };
        for import in imports(&source.code) {
            let fits = import == source.module || may.iter().any(|may| *may == import || may == "everything");
            if !fits {
                broken.push(format!("{}: imports `{import}`", source.path.display()));
            }
        }
        // A module can't be left through `super` either.
        let home = source.module.split("::").count();
        let most = "super::".repeat(source.depth - home + 1);
        if source.code.contains(&most) {
            broken.push(format!("{}: leaves its module through `super`", source.path.display()));
        }
    }
    assert!(broken.is_empty(), "docs/architecture.md does not allow:\n{}", broken.join("\n"));
}

#[test]
fn the_map_has_no_module_that_is_gone() {
    let modules: Vec<_> = sources().into_iter().map(|source| source.module).collect();
    let gone: Vec<_> = allowed().into_keys().filter(|module| !modules.contains(module)).collect();
    assert!(gone.is_empty(), "on the map only: {gone:?}");
}

#[test]
fn every_file_says_what_it_is_for_and_is_about_one_thing() {
    let mut broken = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            broken.push(format!("{}: has no `//!`", source.path.display()));
        }
        let lines = source.text.lines().count();
        if lines > 400 {
            broken.push(format!("{}: has {lines} lines", source.path.display()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_api_names_no_engine_and_engines_know_no_graphql() {
    let engines = ["sqlite", "postgres", "mongo", "redis", "rabbit", "amqp", "elastic", "tantivy", "sea_orm"];
    let mut broken = Vec::new();
    // The demo data's posts are about engines; that is text.
    for source in sources().into_iter().filter(|source| !source.path.iter().any(|part| part == "seed")) {
        let code = source.code.to_lowercase();
        let banned: &[&str] = match source.module.split("::").next() {
            Some("graphql" | "loaders" | "services" | "cache") => &engines,
            Some("stores" | "ports" | "domain") => &["graphql"],
            _ => &[],
        };
        let named = banned.iter().filter(|word| code.contains(**word));
        broken.extend(named.map(|word| format!("{}: names `{word}`", source.path.display())));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn ports_speak_of_the_domain_alone() {
    let value_crates = ["std", "crate", "super", "self", "async_trait", "bytes", "thiserror", "uuid"];
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| source.module == "ports") {
        let uses = source.code.lines().filter_map(|line| line.trim_start().strip_prefix("use "));
        let local = [
            "accounts",
            "cache",
            "error",
            "outbox",
            "posts",
            "publishing",
            "search",
            "stores",
            "system",
            "throttle",
            "users",
        ];
        for path in uses {
            let head = path.split("::").next().unwrap_or_default();
            if !value_crates.contains(&head) && !local.contains(&head) {
                broken.push(format!("{}: uses {path}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn time_and_randomness_are_handed_in() {
    let ambient = [
        "SystemTime::now",
        "Instant::now",
        "Utc::now",
        "Local::now",
        "now_v7",
        "new_v4",
        "thread_rng",
        "rand::rng",
        "rand::random",
        "OsRng",
        "SysRng",
        "getrandom",
    ];
    let mut broken = Vec::new();
    // Tests may stop tokio's clock, and read it.
    let is_exempt = |source: &&Source| source.path.ends_with("app/system.rs") || source.path.ends_with("tests.rs");
    for source in sources().iter().filter(|source| !is_exempt(source)) {
        let named = ambient.iter().filter(|word| source.code.contains(**word));
        broken.extend(named.map(|word| format!("{}: {word}", source.path.display())));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A viewer is made of a token, and a capability of a viewer. Whatever acts for a user otherwise says `internally`.
#[test]
fn nobody_acts_for_a_user_but_the_door_and_named_internal_work() {
    let rules = [
        // `explain` is an operator's own: it asks as somebody, and can't change anything.
        // Who signs in by a field is who that response is for (`RequestContext::who_sees`).
        // A key of the cache is made of whoever asks.
        ("Viewer::User(", &["app/explain.rs", "cache/key.rs", "graphql/context.rs", "http/graphql.rs"][..]),
        (
            "internally(",
            &["domain/signed_in.rs", "domain/user.rs", "services/deletion.rs", "stores/sql/queries/accounts.rs"],
        ),
    ];
    for (word, places) in rules {
        let production = sources().into_iter().filter(|source| !source.path.ends_with("tests.rs"));
        let mut found: Vec<_> =
            production.filter(|source| source.code.contains(word)).map(|source| source.path).collect();
        found.sort();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert_eq!(found, places.iter().map(|place| root.join(place)).collect::<Vec<_>>(), "{word}");
    }
}
