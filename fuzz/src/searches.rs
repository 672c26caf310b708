//! Search text: the words in it, and the queries that both engines make of them.

use std::sync::{Arc, LazyLock};

use polygraph::app::SystemClock;
use polygraph::domain::search::{
    Hit, IndexChange, IndexDocument, SearchExtras, SearchFilter, SearchPage, SearchRequest, SearchText, SuggestRequest,
};
use polygraph::domain::{Page, PostId, Timestamp, UserId, text};
use polygraph::ports::SearchIndex as _;
use polygraph::stores::elastic::query;
use polygraph::stores::tantivy::TantivyIndex;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

/// An index in process, and what it needs to be there.
struct World {
    runtime: Runtime,
    index: TantivyIndex,
    _directory: TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let index = TantivyIndex::open(directory.path().to_owned(), Arc::new(SystemClock)).expect("an index");
    let created_at = Timestamp::from_millis(0);
    let user = IndexDocument::User {
        id: UserId(Uuid::from_u128(1)),
        handle: "demo".to_owned(),
        name: "Demo Dupont".to_owned(),
        bio: Some("naïve ﬁancée, 北京, مرحبا <b>".to_owned()),
        created_at,
    };
    let post = IndexDocument::Post {
        id: PostId(Uuid::from_u128(2)),
        author: UserId(Uuid::from_u128(1)),
        title: "Planting <script> for bees".to_owned(),
        content: "a b c d e f g & \"exact phrase\" (title:x OR *) 👩‍👩‍👧 ".repeat(20),
        created_at,
    };
    let changes = [user, post].map(|document| IndexChange::put(document, 1));
    runtime.block_on(index.apply(&changes)).expect("it is indexed");
    World { runtime, index, _directory: directory }
});

/// Text is words, to either engine, and never a language: it is searched for without an error.
pub fn searches(data: &[u8]) {
    let Ok(typed) = std::str::from_utf8(data) else { return };
    if let Ok(text) = SearchText::parse(typed) {
        search(text);
    }
    if let Ok(prefix) = text::argument("prefix", typed, 64) {
        suggest(prefix.to_lowercase());
    }
}

fn search(text: SearchText) {
    assert!(text.words.len() <= 256 && text.words.iter().all(|word| !word.is_empty()), "{text:?}");
    let extras = SearchExtras { highlights: true, total: true, types: true, authors: Some(3), months: true };
    let page = SearchPage::Relevance(Page::first(10));
    let request = SearchRequest { text, filter: SearchFilter::default(), page, extras };
    for stemmed in [false, true] {
        assert_names_are_ours(&query::search(&request, stemmed));
    }
    let answer = WORLD.runtime.block_on(WORLD.index.search(&request)).expect("it is searched for");
    assert_eq!(answer.total, Some(answer.hits.len() as u64));
    assert!(answer.hits.iter().all(|hit| !hit.highlights.is_empty()), "found by text, and nowhere in it");
    assert_in_order(&answer.hits);
}

fn suggest(prefix: String) {
    let request = SuggestRequest { prefix, only: None, limit: 10 };
    assert_names_are_ours(&query::suggest(&request));
    let hits = WORLD.runtime.block_on(WORLD.index.suggest(&request)).expect("it is suggested");
    assert_in_order(&hits);
}

/// What was typed may be a value in a query, never a name.
fn assert_names_are_ours(query: &Value) {
    match query {
        Value::Array(values) => values.iter().for_each(assert_names_are_ours),
        Value::Object(fields) => {
            for (name, value) in fields {
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte)), "{name:?}");
                assert_names_are_ours(value);
            }
        }
        _ => {}
    }
}

fn assert_in_order(hits: &[Hit]) {
    assert!(hits.iter().all(|hit| hit.score.is_finite()) && hits.is_sorted_by(|a, b| a.score >= b.score), "{hits:?}");
    for html in hits.iter().flat_map(|hit| &hit.highlights).map(|highlight| &highlight.html) {
        assert!(!html.replace("<em>", "").replace("</em>", "").contains('<'), "{html}");
    }
}
