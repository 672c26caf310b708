//! What holds for the adapter of Elasticsearch and OpenSearch beside the contract of its port, on both.

use std::time::{Duration, Instant};

use polygraph::domain::search::{
    IndexChange, IndexDocument, SearchExtras, SearchFilter, SearchPage, SearchRequest, SearchText,
};
use polygraph::domain::{Page, PostId, Timestamp, UserId};
use polygraph::ports::{Backend as _, ErrorKind, SearchIndex as _};
use polygraph::stores::elastic::{Elastic, ElasticOptions};
use url::Url;
use uuid::Uuid;

use crate::support::{env_url, namespace};

pub(crate) const ELASTICSEARCH: &str = "POLYGRAPH_TEST_ELASTICSEARCH_URL";
pub(crate) const OPENSEARCH: &str = "POLYGRAPH_TEST_OPENSEARCH_URL";

/// The indexes of one test, deleted with it: a server takes only so many.
pub(crate) struct Indexes {
    pub(crate) url: Url,
    pub(crate) namespace: String,
}

impl Indexes {
    /// A namespace without indexes on the server that the environment variable names.
    pub(crate) fn none_yet(variable: &str) -> Self {
        let url = env_url(variable).parse().unwrap_or_else(|error| panic!("{variable} is no address: {error}"));
        Self { url, namespace: namespace() }
    }

    pub(crate) fn open(&self, language: &str) -> Elastic {
        Elastic::connect_lazy(options(self.url.clone(), &self.namespace, language)).expect("a client")
    }
}

impl Drop for Indexes {
    fn drop(&mut self) {
        // As many as a test may come to build.
        let names: Vec<String> = (1..=4).map(|n| format!("{0}-search-v{n},{0}-likes-v{n}", self.namespace)).collect();
        let names = names.join(",");
        let address = self.url.join(&format!("{names}?ignore_unavailable=true")).expect("an address");
        // A drop can't await; a thread of its own may block.
        let delete = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(reqwest::Client::new().delete(address).send())
        };
        let deleted = std::thread::spawn(delete).join();
        assert!(std::thread::panicking() || matches!(deleted, Ok(Ok(_))), "{names} could not be deleted");
    }
}

fn options(url: Url, namespace: &str, language: &str) -> ElasticOptions {
    ElasticOptions {
        url,
        namespace: namespace.into(),
        language: language.into(),
        connect_timeout: Duration::from_secs(2),
        request_timeout: Duration::from_secs(20),
        grace: Duration::ZERO,
    }
}

/// An empty index.
pub(crate) async fn migrated(variable: &str, language: &str) -> (Elastic, Indexes) {
    let indexes = Indexes::none_yet(variable);
    let elastic = indexes.open(language);
    elastic.migrate().await.expect("the indexes to be made");
    (elastic, indexes)
}

/// Makes a test of each case for either engine.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        mod elasticsearch {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::elastic::ELASTICSEARCH).await;
            })+
        }
        mod opensearch {
            $(#[tokio::test]
            async fn $case() {
                super::$case($crate::elastic::OPENSEARCH).await;
            })+
        }
    };
}
pub(crate) use on_both;

fn post(n: u128, title: &str, content: &str) -> IndexChange {
    let document = IndexDocument::Post {
        id: PostId(Uuid::from_u128(n)),
        author: UserId(Uuid::from_u128(1)),
        title: title.into(),
        content: content.into(),
        created_at: Timestamp::from_millis(0),
    };
    IndexChange::put(document, 1)
}

fn request(typed: &str) -> SearchRequest {
    SearchRequest {
        text: SearchText::parse(typed).expect("text"),
        filter: SearchFilter::default(),
        page: SearchPage::Relevance(Page::first(100)),
        extras: SearchExtras { highlights: true, total: true, ..SearchExtras::default() },
    }
}

async fn fill(elastic: &Elastic, changes: &[IndexChange]) {
    elastic.apply(changes).await.expect("the changes to be applied");
    elastic.refresh().await.expect("a refresh");
}

/// The content in which `typed` is found, as it is highlighted.
async fn shown(elastic: &Elastic, typed: &str) -> Vec<String> {
    let answer = elastic.search(&request(typed)).await.expect("an answer");
    answer.hits.into_iter().flat_map(|hit| hit.highlights).map(|highlight| highlight.html).collect()
}

async fn every_near_word_is_found(variable: &str) {
    let (elastic, _indexes) = migrated(variable, "standard").await;
    // Each is "database" with one letter put in and one replaced, or with two replaced.
    let near = |(a, b)| [format!("data{a}bas{b}"), format!("{a}atabas{b}")];
    let pairs = ('a'..='z').flat_map(|a| ('a'..='z').map(move |b| (a, b)));
    let changes: Vec<_> = pairs.flat_map(near).zip(1..).map(|(word, n)| post(n, &word, "x")).collect();
    assert!(changes.len() > 1_300);
    fill(&elastic, &changes).await;
    let answer = elastic.search(&request("database")).await.expect("an answer");
    assert_eq!(answer.total, Some(changes.len() as u64));
}

async fn scripts_without_spaces_are_cut_as_the_domain_cuts_them(variable: &str) {
    let (elastic, _indexes) = migrated(variable, "standard").await;
    fill(&elastic, &[post(1, "x", "สวัสดี"), post(2, "x", "ΟΔΟΣ"), post(3, "x", "10\u{202f}000")]).await;
    for typed in ["สวัสดี", "ΟΔΟΣ", "οδος", "10\u{202f}000"] {
        assert_eq!(shown(&elastic, typed).await.len(), 1, "{typed}");
    }
}

async fn the_longest_text_of_any_script_is_answered(variable: &str) {
    let (elastic, _indexes) = migrated(variable, "standard").await;
    let from = |first: u32, count: u32| (first..first + count).filter_map(char::from_u32).collect::<String>();
    let gothic = from(0x10330, 20).repeat(12);
    let ideographs = from(0x4e00, 256);
    let accented: String = from(0x61, 26).chars().flat_map(|c| [c, '\u{301}', '\u{302}']).collect();
    let katakana = from(0x30a1, 80).repeat(3);
    let (endless, end) = ("abc".repeat(100), "abc".repeat(15));
    let contents = [&gothic, &ideographs, &katakana, &endless];
    fill(&elastic, &contents.iter().zip(1..).map(|(content, n)| post(n, "x", content)).collect::<Vec<_>>()).await;
    let accented = accented.repeat(9);
    for (typed, hits) in [(gothic, 1), (ideographs, 1), (katakana, 1), (accented, 0), (end, 0)] {
        assert_eq!(shown(&elastic, &typed).await.len(), hits, "{typed}");
    }
}

async fn an_index_that_is_not_there_is_not_made_by_a_write(variable: &str) {
    let indexes = Indexes::none_yet(variable);
    let elastic = indexes.open("standard");
    let put = post(1, "x", "y");
    let delete = IndexChange { document: None, ..put.clone() };
    for change in [put, delete] {
        let refused = elastic.apply(&[change]).await.map_err(|error| error.kind);
        assert_eq!(refused, Err(ErrorKind::NotReady));
    }
    assert_eq!(elastic.search(&request("x")).await.map_err(|error| error.kind), Err(ErrorKind::NotReady));
    assert_eq!(elastic.check().await.map_err(|error| error.kind), Err(ErrorKind::NotReady));
    elastic.migrate().await.expect("the names to be free");
    elastic.check().await.expect("a version");
}

on_both! {
    every_near_word_is_found,
    scripts_without_spaces_are_cut_as_the_domain_cuts_them,
    the_longest_text_of_any_script_is_answered,
    an_index_that_is_not_there_is_not_made_by_a_write,
}

#[tokio::test]
async fn a_language_finds_by_stems_and_marks_what_it_found() {
    let (elastic, _indexes) = migrated(OPENSEARCH, "english").await;
    fill(&elastic, &[post(1, "Ponies & <carts>", "They were running."), post(2, "The end", "of it all")]).await;
    assert_eq!(shown(&elastic, "pony cart").await, ["<em>Ponies</em> &amp; &lt;<em>carts</em>&gt;"]);
    assert_eq!(shown(&elastic, "runs").await, ["They were <em>running</em>."]);
    assert_eq!(shown(&elastic, "the").await, ["<em>The</em> end"], "a word that the analyzer drops is still a word");
    assert_eq!(shown(&elastic, "ponise").await.len(), 1, "typos are forgiven in words, not in stems");
}

#[tokio::test]
async fn the_version_says_which_engine_it_is() {
    let (elastic, _indexes) = migrated(ELASTICSEARCH, "standard").await;
    let version = elastic.check().await.expect("a version");
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{version}");
    let (opensearch, _indexes) = migrated(OPENSEARCH, "standard").await;
    let version = opensearch.check().await.expect("a version");
    assert!(version.starts_with("OpenSearch "), "{version}");
    assert_eq!((elastic.kind(), opensearch.kind()), ("elasticsearch", "elasticsearch"));
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable_at_once_and_healed_when_it_is_back() {
    let (_, indexes) = migrated(ELASTICSEARCH, "standard").await;
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = server.local_addr().expect("an address");
    drop(server);
    let url = Url::parse(&format!("http://someone:s3cret@{address}")).expect("an address");
    let elastic = Elastic::connect_lazy(options(url, &indexes.namespace, "standard")).expect("a client");
    let started = Instant::now();
    let refused = elastic.search(&request("x")).await.expect_err("nobody is there");
    assert_eq!(refused.kind, ErrorKind::Unavailable);
    assert_eq!(elastic.check().await.map_err(|error| error.kind), Err(ErrorKind::Unavailable));
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(!format!("{refused:?}").contains("s3cret"));

    let server = tokio::net::TcpListener::bind(address).await.expect("the same port");
    let upstream = indexes.url.socket_addrs(|| None).expect("an address")[0];
    let relay = tokio::spawn(async move {
        while let Ok((mut client, _)) = server.accept().await {
            let mut upstream = tokio::net::TcpStream::connect(upstream).await.expect("the real server");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut upstream).await });
        }
    });
    elastic.search(&request("x")).await.expect("an answer");
    relay.abort();
}

#[tokio::test]
async fn a_server_that_does_not_answer_costs_the_request_timeout() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = silent.local_addr().expect("an address");
    let url = Url::parse(&format!("http://{address}")).expect("an address");
    let options = ElasticOptions { request_timeout: Duration::from_millis(100), ..options(url, "silent", "standard") };
    let elastic = Elastic::connect_lazy(options).expect("a client");
    assert_eq!(elastic.search(&request("x")).await.map_err(|error| error.kind), Err(ErrorKind::Timeout));
    assert_eq!(elastic.check().await.map_err(|error| error.kind), Err(ErrorKind::Timeout));
}
