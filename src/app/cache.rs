//! `cache`: how the result cache is doing, and how it is emptied.

use std::fmt::Write as _;

use super::AppError;
use crate::cli::CacheCommand;
use crate::ports::{CacheState, Invalidated, ResultCache, StoreError};

/// Does what the command says to this cache, and returns what to print.
///
/// # Errors
/// Where the cache fails.
pub async fn cache(cache: &dyn ResultCache, command: CacheCommand) -> Result<String, AppError> {
    match command {
        CacheCommand::Stats => Ok(table(cache.kind(), &cache.state().await.map_err(failed)?)),
        CacheCommand::Flush => match cache.invalidate(&Invalidated::Everything).await.map_err(failed)? {
            Some(_) => Ok("Nothing that was kept counts any more.\n".to_owned()),
            None => Ok("Nothing was kept.\n".to_owned()),
        },
    }
}

fn table(kind: &str, state: &CacheState) -> String {
    let known = |number: Option<u64>| number.map_or("unknown".to_owned(), |number| number.to_string());
    let life = state.life.map_or("none: nothing is kept".to_owned(), |life| format!("{:032x}", life.0));
    let most = state.max_bytes.map_or("unbounded: set maxmemory".to_owned(), |bytes| bytes.to_string());
    let rows = [
        ("engine", kind.to_owned()),
        ("life", life),
        ("invalidations", state.now.to_string()),
        ("results", known(state.entries)),
        ("bytes", known(state.bytes)),
        ("most bytes", most),
    ];
    let mut text = String::new();
    for (name, value) in rows {
        // Writing to text can't fail.
        let _ = writeln!(text, "{name:<14} {value}");
    }
    text
}

fn failed(error: StoreError) -> AppError {
    AppError::new("The result cache does not answer.", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Life;

    #[test]
    fn a_line_is_a_figure() {
        let state =
            CacheState { life: Some(Life(0xab)), now: 7, entries: Some(12), bytes: Some(4096), max_bytes: None };
        insta::assert_snapshot!(table("redis", &state), @r"
        engine         redis
        life           000000000000000000000000000000ab
        invalidations  7
        results        12
        bytes          4096
        most bytes     unbounded: set maxmemory
        ");
    }
}
