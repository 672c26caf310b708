//! The known name that an unknown one was probably meant to be.

/// The one of `known` that is nearest to `name`.
pub(super) fn to<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    known.max_by(|a, b| likeness(name, a).total_cmp(&likeness(name, b))).unwrap_or_default()
}

/// From 0 (nothing in common) to 2 (equal): how like the names are as wholes, and whether one is in the other.
fn likeness(name: &str, known: &str) -> f64 {
    let (name, known) = (plain(name), plain(known));
    let within = if known.contains(&name) || name.contains(&known) { 0.5 } else { 0.0 };
    strsim::jaro_winkler(&name, &known) + within
}

/// What tells names apart: no case, no dashes, no prefix that all have.
fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('-', "_");
    name.strip_prefix("polygraph_").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let known = ["listen", "data_dir", "database_url", "database_max_connections", "store_timeout", "log"];
        for (name, meant) in [
            ("lissten", "listen"),
            ("data-dir", "data_dir"),
            ("Listen", "listen"),
            ("POLYGRAPH_DATABASE_URL", "database_url"),
            ("database", "database_url"),
            ("max_connections", "database_max_connections"),
            ("store_timeouts", "store_timeout"),
            ("logs", "log"),
        ] {
            assert_eq!(to(name, known.into_iter()), meant, "{name}");
        }
    }
}
