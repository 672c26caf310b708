//! Typeahead.

use polygraph::domain::search::{Highlight, Hit, SearchTarget, SearchType, SuggestRequest, suggestion_score};
use polygraph::ports::SearchIndex;

use super::highlights::check;
use super::world::{corpus, fill, post, posts, target, targets, user, users};

async fn suggest(index: &dyn SearchIndex, prefix: &str) -> Vec<Hit> {
    suggest_only(index, prefix, None, 100).await
}

async fn suggest_only(index: &dyn SearchIndex, prefix: &str, only: Option<SearchType>, limit: u32) -> Vec<Hit> {
    let request = SuggestRequest { prefix: prefix.to_lowercase(), only, limit };
    index.suggest(&request).await.unwrap_or_else(|error| panic!("{prefix:?}: {error:?}"))
}

async fn suggested(index: &dyn SearchIndex, prefix: &str) -> Vec<SearchTarget> {
    targets(&suggest(index, prefix).await)
}

pub(super) async fn the_exact_handle_comes_first(index: &dyn SearchIndex) {
    let documents = [
        user(1, "ann", "Zed", None),
        user(2, "anna_b", "Ann", None),
        user(3, "annabel", "Y", None),
        user(4, "bob", "Bob Annan", Some("ann")),
        user(6, "joann", "Joann", None),
        post(5, 9, "Some annals", "ann"),
        post(7, 9, "Joann", "ann"),
    ];
    fill(index, &documents).await;
    let hits = suggest(index, "ann").await;
    let expected = [users(&[1, 3, 2]), posts(&[5]), users(&[4])].concat();
    assert_eq!(targets(&hits), expected, "exact handle, handles, words; ties by id, descending");
    let scores: Vec<_> = hits.iter().map(|hit| hit.score).collect();
    let (exact, handle, word) = (suggestion_score::EXACT_HANDLE, suggestion_score::HANDLE, suggestion_score::WORD);
    assert_eq!(scores, [exact, handle, handle, word, word]);
    assert_eq!(suggested(index, "anna").await, [users(&[3, 2]), posts(&[5]), users(&[4])].concat());
    assert_eq!(suggested(index, "anna_").await, users(&[2]), "a handle is one word");
    assert_eq!(suggested(index, "ANNA_B").await, users(&[2]));
}

pub(super) async fn words_of_names_and_titles_begin_with_the_prefix(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    assert_eq!(suggested(index, "hop").await, users(&[3]), "the second word of a name");
    assert_eq!(suggested(index, "data").await, posts(&[11]), "a title, but not a bio");
    assert_eq!(suggested(index, "ünï").await, users(&[2]));
    assert_eq!(suggested(index, "ÜNÏCÖDÉ").await, users(&[2]));
    assert_eq!(suggested(index, "日").await, posts(&[15]));
    assert_eq!(suggested(index, "zebra").await, [], "not by content");
    assert_eq!(suggested(index, "atabase").await, [], "not within a word");
    assert_eq!(suggested(index, "hoper").await, [], "no typos");
    assert_eq!(suggested(index, "_").await, users(&[5]), "a handle, though no word");
    assert_eq!(suggested(index, "___").await, users(&[5]));
}

pub(super) async fn several_words_stand_in_one_field(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    assert_eq!(suggested(index, "grace hop").await, users(&[3]));
    assert_eq!(suggested(index, "Grace Hopper").await, users(&[3]));
    assert_eq!(suggested(index, "rust and da").await, posts(&[11]));
    assert_eq!(suggested(index, "and rust").await, posts(&[11]), "in any order");
    assert_eq!(suggested(index, "rust hop").await, [], "handle and name are two fields");
    assert_eq!(suggested(index, "gra hop").await, [], "only the last word may be a beginning");
}

pub(super) async fn suggestions_show_why(index: &dyn SearchIndex) {
    let corpus = corpus();
    fill(index, &corpus).await;
    for prefix in ["d", "demo", "rust and", "rust and da", "grace hop", "zoë", "cat", "日本", "_", "n", "c"] {
        let hits = suggest(index, prefix).await;
        assert!(!hits.is_empty(), "{prefix:?}");
        for hit in hits {
            let document = corpus.iter().find(|document| target(document) == hit.target).expect("a known document");
            check(document, &hit.highlights);
        }
    }
    let hopper = suggest(index, "hop").await.pop().expect("a hit");
    assert_eq!(hopper.title, "Grace Hopper");
    assert_eq!(hopper.highlights, [Highlight { field: "name", html: "Grace <em>Hop</em>per".into() }]);
    let demo = suggest(index, "demo").await.remove(0);
    assert_eq!(demo.highlights[0], Highlight { field: "handle", html: "<em>demo</em>".into() });
}

pub(super) async fn suggestions_are_narrowed_and_limited(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    assert_eq!(targets(&suggest_only(index, "cat", Some(SearchType::Post), 10).await), posts(&[13]));
    assert_eq!(targets(&suggest_only(index, "cat", Some(SearchType::User), 10).await), users(&[4]));
    assert_eq!(targets(&suggest_only(index, "cat", None, 1).await), users(&[4]));
    assert_eq!(targets(&suggest_only(index, "rust", None, 1).await), users(&[3]));
    assert_eq!(suggested(index, "rust").await, [users(&[3]), posts(&[11])].concat());
}

pub(super) async fn prefixes_have_no_operators(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    for prefix in ["*", ".*", "?", "\"", "\\", "[", "(", "🎉", "a|b", "name:", "~", "&&", "%", "d*o", "de?o", "de.o"]
    {
        let hits = suggested(index, prefix).await;
        assert!(!hits.contains(&users(&[1])[0]), "{prefix:?} finds {hits:?}");
    }
    assert_eq!(suggested(index, "demo*").await, users(&[1]), "the word, whatever stands around it");
    assert_eq!(suggested(index, &"x".repeat(64)).await, []);
}
