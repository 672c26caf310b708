//! What a text finds.

use std::collections::BTreeSet;

use polygraph::domain::text;
use polygraph::ports::SearchIndex;

use super::world::{corpus, expected, fill, found, post, posts, request, search, targets, user, users};

pub(super) async fn what_is_found_is_what_the_words_say(index: &dyn SearchIndex) {
    let corpus = corpus();
    fill(index, &corpus).await;
    let texts = [
        "rust",
        "RUST",
        "Rust databases",
        "demo",
        "DEMO",
        "naïve",
        "naive",
        "NAÏVE",
        "naive_fan",
        "zoë",
        "ünïcödé",
        "ÜNÏCÖDÉ",
        "unicode",
        "日本語",
        "本",
        "日",
        "école",
        "hautes études",
        "etudes",
        "cat",
        "cats",
        "CAT42",
        "database",
        "databse",
        "dtaabase",
        "datbsae",
        "can't",
        "cant",
        "3.14",
        "grace compilers",
        "grace rust",
        "story ownership rust",
        "trust",
        "crust",
        "dusk",
        "x",
        "nobody",
        "b",
        "demo zebra",
        "🦀 rust",
        "rust 🎉",
        "a",
        "of the",
    ];
    for typed in texts {
        assert_eq!(found(index, typed).await, expected(&corpus, typed), "{typed:?}");
    }
}

pub(super) async fn words_match_over_fields_together(index: &dyn SearchIndex) {
    let person = user(1, "grace", "Hopper", Some("compilers"));
    fill(index, &[person, post(2, 1, "First half", "second part"), post(3, 1, "First", "half")]).await;
    assert_eq!(found(index, "half second").await, BTreeSet::from_iter(posts(&[2])), "one in title, one in content");
    assert_eq!(found(index, "grace compilers").await, BTreeSet::from_iter(users(&[1])), "one in handle, one in bio");
    assert_eq!(found(index, "hopper grace compilers").await.len(), 1);
    assert!(found(index, "grace half").await.is_empty(), "words of two documents don't add up");
    assert!(found(index, "first half third").await.is_empty(), "every word must match");
}

pub(super) async fn typos_are_forgiven_by_length(index: &dyn SearchIndex) {
    fill(index, &[post(1, 9, "cat rust database", "x")]).await;
    let one = BTreeSet::from_iter(posts(&[1]));
    for typed in ["cat", "rust", "ruts", "rusty", "dust", "database", "dtaabsae", "databas", "xxtabase"] {
        assert_eq!(found(index, typed).await, one, "{typed:?}");
    }
    for typed in ["car", "cta", "ca", "rtus", "duts", "ru", "dxtxbxse", "databa", "xxxabase"] {
        assert!(found(index, typed).await.is_empty(), "{typed:?}");
    }
    assert_eq!(found(index, "cats").await, one, "the typed word's length decides");
}

pub(super) async fn exact_words_come_before_typos(index: &dyn SearchIndex) {
    let documents = [post(1, 9, "Rust", "one two three"), post(2, 9, "Dust", "one two three"), post(3, 9, "a", "b")];
    fill(index, &documents).await;
    assert_eq!(targets(&search(index, &request("rust")).await.hits), posts(&[1, 2]));
    assert_eq!(targets(&search(index, &request("dust")).await.hits), posts(&[2, 1]));
}

pub(super) async fn operators_have_no_meaning(index: &dyn SearchIndex) {
    let corpus = corpus();
    fill(index, &corpus).await;
    let mut texts: Vec<String> = [
        "title:foo",
        "title: foo",
        "\"unclosed rust",
        "\"rust databases\"",
        "*",
        "ru*",
        "r?st",
        "*rust*",
        "rust OR zebra",
        "rust AND zebra",
        "rust AND databases",
        "NOT rust",
        "rust NOT databases",
        "or",
        "NOT both",
        "-rust",
        "+rust -databases",
        "(rust",
        "rust)",
        "((rust) databases)",
        "[a TO z]",
        "rust [1 TO 5]",
        "{rust}",
        "rust~",
        "rust~2",
        "zebra^5",
        "/ru.t/",
        "rust\\",
        "\\rust",
        "!rust",
        "rust && zebra",
        "rust || zebra",
        "<b>",
        "name:/.*/",
        "_exists_:title",
        "rust;databases",
        "{\"match_all\":{}}",
        "$rust",
        "rust'",
        "%rust%",
        "'; DROP TABLE posts; --",
    ]
    .map(String::from)
    .into();
    for c in "+-&|!(){}[]^\"~*?:\\/<>=@#%,.;'`$_ ".chars() {
        texts.extend([
            format!("{c}rust"),
            format!("rust{c}"),
            format!("rust{c}databases"),
            format!("rust {c} databases"),
        ]);
    }
    for typed in texts {
        assert_eq!(found(index, &typed).await, expected(&corpus, &typed), "{typed:?}");
    }
}

pub(super) async fn text_without_words_finds_nothing(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    for typed in ["?!", "*", "\"", "🎉", "🎉🎉 🦀", "&& ||", "~", "...", "\\", "()", "-", "___"] {
        assert!(text::words(typed).is_empty());
        let answer = search(index, &request(typed)).await;
        assert_eq!((answer.hits.len(), answer.has_more, answer.total), (0, false, Some(0)), "{typed:?}");
    }
}

pub(super) async fn nobody_is_found_by_email(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    assert!(found(index, "demo@example.org").await.is_empty());
    assert!(found(index, "example.org").await.is_empty());
}

pub(super) async fn long_words_and_long_texts(index: &dyn SearchIndex) {
    let word = "abcdefgh".repeat(32);
    let content = format!("{}needle", "hay ".repeat(4_998));
    assert!((19_990..=20_000).contains(&content.len()));
    fill(index, &[post(1, 9, "Long", &content), post(2, 9, "Word", &word), post(3, 9, &"w ".repeat(100), "x")]).await;
    assert_eq!(found(index, "needle").await, BTreeSet::from_iter(posts(&[1])));
    assert_eq!(found(index, "hay needles").await, BTreeSet::from_iter(posts(&[1])));
    assert_eq!(found(index, &word).await, BTreeSet::from_iter(posts(&[2])), "a word of 256 characters");
    assert!(found(index, &"z".repeat(256)).await.is_empty());
    let many: Vec<String> = ('a'..='z').flat_map(|a| ('a'..='e').map(move |b| format!("{a}{b}"))).take(85).collect();
    assert!(found(index, &many.join(" ")).await.is_empty(), "85 different words");
    assert!(found(index, &"é\u{301}\u{302}\u{303}".repeat(256)).await.is_empty(), "long in bytes");
}

pub(super) async fn hits_carry_titles(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    let title_of = async |typed: &str| search(index, &request(typed)).await.hits.pop().map(|hit| hit.title);
    assert_eq!(title_of("hopper").await.as_deref(), Some("Grace Hopper"));
    assert_eq!(title_of("zebra").await.as_deref(), Some("Cats & dogs"));
}
