//! What helps developers and is hidden from the public: introspection, suggestions, GraphiQL.

use reqwest::Method;
use serde_json::json;

use crate::support::{Client, World, run};

/// What a gateway shows: the schema by introspection, its text, suggestions, GraphiQL.
async fn shown(client: &Client) -> [bool; 4] {
    let introspected = client.ask("{ __schema { queryType { name } } __typename }").await;
    let typed = client.ask("{ __type(name: \"User\") { name } }").await;
    assert_eq!(introspected.status, typed.status);
    if introspected.status != 200 {
        assert_eq!((introspected.status, introspected.code().as_str()), (400, "INTROSPECTION_DISABLED"));
    }
    client.ask("{ __typename posts(first: 1) { __typename } }").await.data();
    let text = client.send(client.request(Method::GET, "/schema.graphql")).await;
    let suggesting = client.ask("{ post { id } usr { id } }").await;
    let page = client.send(client.request(Method::GET, "/")).await;
    assert!([text.status, page.status].iter().all(|status| [200, 404].contains(status)));
    assert!(page.status == 200 || !page.text.contains('<'), "{}", page.text);
    let browsed = client.send(client.request(Method::GET, "/graphql").header("accept", "text/html,*/*;q=0.8")).await;
    assert_eq!(browsed.status, if page.status == 200 { 303 } else { 400 }, "nobody is sent to where nothing is");
    [introspected.status == 200, text.status == 200, suggesting.text.contains("Did you mean"), page.status == 200]
}

#[test]
fn production_hides_what_helps_developers_unless_it_is_set() {
    const PRODUCTION: (&str, &str) = ("POLYGRAPH_PRODUCTION", "true");
    run(async {
        for (settings, expected) in [
            (&[][..], [true, true, true, true]),
            (&[PRODUCTION], [false, false, false, false]),
            (&[("POLYGRAPH_INTROSPECTION", "off")], [false, false, true, true]),
            (&[("POLYGRAPH_SUGGESTIONS", "off")], [true, true, false, true]),
            (&[("POLYGRAPH_GRAPHIQL", "off")], [true, true, true, false]),
            (&[PRODUCTION, ("POLYGRAPH_INTROSPECTION", "on")], [true, true, false, false]),
            (&[PRODUCTION, ("POLYGRAPH_SUGGESTIONS", "on")], [false, false, true, false]),
            (&[PRODUCTION, ("POLYGRAPH_GRAPHIQL", "on")], [false, false, false, true]),
        ] {
            let served = World::embedded().configured(settings).await;
            assert_eq!(shown(&served.client).await, expected, "{settings:?}");
        }
    });
}

/// Without suggestions and introspection, no error about a document tells a name that its sender did not write.
#[test]
fn errors_tell_no_names_of_the_schema() {
    run(async {
        let served = World::embedded().configured(&[("POLYGRAPH_PRODUCTION", "true")]).await;
        for (query, hidden) in [
            ("{ postt { id } }", "post("),
            ("{ posts { nodess { id } } }", "nodes\\\""),
            ("{ posts { nodess { id } } }", "PostConnection"),
            ("{ posts }", "PostConnection"),
            ("{ posts { ... on User { id } } }", "PostConnection"),
            ("{ post { title } }", "argument \\\"id"),
            ("mutation { signUp { userErrors { code } } }", "input"),
            ("mutation { signUp(input: {}) { userErrors { code } } }", "handle"),
            ("query ($a: Int) { posts(orderBy: $a) { totalCount } }", "PostOrder"),
            ("{ posts(frst: 1) { totalCount } }", "first"),
            ("{ ... on Usr { id } }", "User"),
            ("query ($a: SignInInpt) { __typename }", "SignInInput"),
            ("{ posts(orderBy: NEWESTT) { totalCount } }", "NEWEST\\\""),
            ("{ __typename @skp(if: true) }", "@skip"),
        ] {
            let answer = served.client.ask(query).await;
            assert_eq!(answer.status, 400, "{query}: {}", answer.text);
            assert!(!answer.text.contains(hidden), "{query}: {}", answer.text);
        }
        let query = "mutation ($a: SignUpInput!) { signUp(input: $a) { userErrors { code } } }";
        let answer = served.client.ask_with(query, json!({ "a": {} })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT");
        assert!(!answer.text.contains("handle"), "{}", answer.text);
    });
}
