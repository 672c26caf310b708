//! `/metrics`: counters in the text format of Prometheus (exposition format 0.0.4).

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use super::admission::Load;
use crate::cache::{Count, Counts};

/// What is counted. Not in production, where strangers reach this listener.
pub(super) async fn metrics(State(gateway): Shared) -> Response {
    if !gateway.tells_metrics {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut text = gateway.results.as_ref().map(|results| of_results(results.counts())).unwrap_or_default();
    text += &of_load(gateway.admission.load());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn of_results(counts: &Counts) -> String {
    let mut text = "\
        # HELP polygraph_result_cache_lookups_total Requests by what the result cache had for them.\n\
        # TYPE polygraph_result_cache_lookups_total counter\n"
        .to_owned();
    let verdicts =
        [("hit", Count::Hit), ("miss", Count::Miss), ("coalesced", Count::Coalesced), ("bypass", Count::Bypass)];
    for (verdict, count) in verdicts {
        // Writing to a string can't fail.
        let _ = writeln!(text, "polygraph_result_cache_lookups_total{{verdict=\"{verdict}\"}} {}", counts.of(count));
    }
    let kept = counts.of(Count::Kept);
    let _ = write!(
        text,
        "# HELP polygraph_result_cache_kept_total Answers that were put into the result cache.\n\
         # TYPE polygraph_result_cache_kept_total counter\n\
         polygraph_result_cache_kept_total {kept}\n"
    );
    text
}

fn of_load(Load { running, waiting, refused }: Load) -> String {
    format!(
        "# HELP polygraph_operations_running Operations that are being executed.\n\
         # TYPE polygraph_operations_running gauge\n\
         polygraph_operations_running {running}\n\
         # HELP polygraph_operations_waiting Operations that wait to be executed.\n\
         # TYPE polygraph_operations_waiting gauge\n\
         polygraph_operations_waiting {waiting}\n\
         # HELP polygraph_operations_refused_total Operations that were refused since too many waited.\n\
         # TYPE polygraph_operations_refused_total counter\n\
         polygraph_operations_refused_total {refused}\n"
    )
}
