//! Where the words were found, as HTML that is safe to show.

use polygraph::domain::search::{Highlight, IndexDocument};
use polygraph::ports::SearchIndex;

use super::world::{corpus, fields, fill, post, request, search, target};

/// The text that a highlight shows. It panics where there is markup but `<em>`, or something is not escaped.
pub(super) fn shown(html: &str) -> String {
    let plain = html.replace("<em>", "").replace("</em>", "");
    assert_eq!(html.matches("<em>").count(), html.matches("</em>").count(), "{html}");
    assert!(!plain.contains(['<', '>', '"', '\'']), "not escaped: {html}");
    let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
    let escaped = entities.iter().map(|entity| plain.matches(entity).count()).sum::<usize>();
    assert_eq!(plain.matches('&').count(), escaped, "not escaped: {html}");
    let text = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

/// Checks that highlights show fields of the document, each once, with something marked.
pub(super) fn check(document: &IndexDocument, highlights: &[Highlight]) {
    assert!(!highlights.is_empty(), "no highlight for {document:?}");
    let mut seen = Vec::new();
    for Highlight { field, html } in highlights {
        assert!(html.contains("<em>"), "nothing is marked: {html}");
        let text = fields(document).into_iter().find(|(name, _)| name == field).expect("one of its fields").1;
        let shown = shown(html);
        assert!(if *field == "content" { text.contains(&shown) } else { text == shown }, "{html} of {text}");
        assert!(!seen.contains(field), "each field once");
        seen.push(field);
    }
}

pub(super) async fn every_hit_shows_why(index: &dyn SearchIndex) {
    let corpus = corpus();
    fill(index, &corpus).await;
    let texts = [
        "rust",
        "DEMO",
        "naive",
        "ÜNÏCÖDÉ",
        "日本語",
        "dtaabase",
        "cats",
        "can't",
        "zebra",
        "ships",
        "script",
        "grace compilers",
        "hautes études",
        "3.14",
        "cat42",
        "rust 🎉",
    ];
    for typed in texts {
        let hits = search(index, &request(typed)).await.hits;
        assert!(!hits.is_empty(), "{typed:?}");
        for hit in hits {
            let document = corpus.iter().find(|document| target(document) == hit.target).expect("a known document");
            check(document, &hit.highlights);
        }
    }
}

pub(super) async fn markup_is_escaped(index: &dyn SearchIndex) {
    fill(index, &corpus()).await;
    let html_of = async |typed: &str| search(index, &request(typed)).await.hits.pop().expect("a hit").highlights;
    let bio = Highlight { field: "bio", html: "Compilers &amp; &lt;b&gt;<em>ships</em>&lt;/b&gt;, for example".into() };
    assert_eq!(html_of("ships").await, [bio]);
    let html = "<em>zebra</em> &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;quoted&quot; demo".into();
    assert_eq!(html_of("zebra").await, [Highlight { field: "content", html }]);
}

pub(super) async fn long_content_is_shown_by_a_fragment(index: &dyn SearchIndex) {
    let content = format!("{}the needle {}", "hay ".repeat(1_000), "straw ".repeat(1_000));
    let document = post(1, 9, "Needle", &content);
    fill(index, std::slice::from_ref(&document)).await;
    let hit = search(index, &request("needle")).await.hits.pop().expect("a hit");
    check(&document, &hit.highlights);
    let fields: Vec<_> = hit.highlights.iter().map(|highlight| highlight.field).collect();
    assert_eq!(fields, ["title", "content"]);
    let html = &hit.highlights[1].html;
    assert!(html.contains("<em>needle</em>") && shown(html).chars().count() <= 200, "{html}");
}
