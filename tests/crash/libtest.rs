//! The arguments of tests that have a `main` of their own.

/// What `cargo test` hands to every test binary. Most of it means nothing to a single test that prints as it goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Libtest {
    /// Runs only if a part of its name is among these.
    filters: Vec<String>,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    skip: Vec<String>,
    #[arg(long, hide = true)]
    pub(crate) list: bool,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, alias = "no-capture", hide = true)]
    nocapture: bool,
    #[arg(long, hide = true)]
    show_output: bool,
    #[arg(long, short, hide = true)]
    quiet: bool,
    #[arg(long, hide = true)]
    test_threads: Option<String>,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    color: Option<String>,
    #[arg(long, hide = true)]
    logfile: Option<String>,
    #[arg(short = 'Z', hide = true)]
    unstable: Vec<String>,
}

impl Libtest {
    /// Whether the test of this name is meant at all.
    pub(crate) fn selects(&self, name: &str) -> bool {
        let is_named = |part: &String| if self.exact { name == part } else { name.contains(part.as_str()) };
        let is_wanted = self.filters.is_empty() || self.filters.iter().any(is_named);
        !self.ignored && is_wanted && !self.skip.iter().any(is_named)
    }
}
