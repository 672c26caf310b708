//! Search, suggestions and analytics: what is asked of the index, what it answers, and what it is fed.

mod index;

use uuid::Uuid;

use super::{ByScore, InvalidInput, Page, Period, PostId, Timestamp, UserId, text};
pub use index::{DocumentKind, IndexChange, IndexDocument, IndexKey, Indexed};

/// What kinds of things a search looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchType {
    /// Users, by handle, name and bio.
    User,
    /// Posts, by title and content.
    Post,
}

/// Words to be found, as [`text::words`] cuts them. All must match, over a document's fields together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchText {
    /// The text as it was typed, trimmed.
    pub raw: String,
    /// Its words, folded to lower case, each once, in order.
    pub words: Vec<String>,
}

impl SearchText {
    /// Search text as a client typed it, 1 to 256 characters.
    ///
    /// # Errors
    /// [`InvalidInput`] when it is blank or too long.
    pub fn parse(typed: &str) -> Result<Self, InvalidInput> {
        let raw = text::argument("query", typed, 256)?;
        let mut words: Vec<String> = Vec::new();
        for word in text::words(&raw) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        Ok(Self { raw, words })
    }
}

/// What a search or a suggestion is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchFilter {
    /// Only users, or only posts; `None`: both.
    pub only: Option<SearchType>,
    /// Only posts by this user.
    pub author: Option<UserId>,
    /// Only what was created then.
    pub period: Period,
}

impl SearchFilter {
    /// Whether things of this kind can be found at all.
    pub fn admits(&self, kind: SearchType) -> bool {
        self.only.is_none_or(|only| only == kind) && !(kind == SearchType::User && self.author.is_some())
    }
}

/// The order of search results, with the position to go on from.
#[derive(Debug, Clone, PartialEq)]
pub enum SearchPage {
    /// By score, descending; ties by id, descending.
    Relevance(Page<ByScore>),
    /// By id, descending.
    Newest(Page<Uuid>),
}

impl SearchPage {
    /// How many results are wanted.
    pub fn limit(&self) -> u32 {
        match self {
            Self::Relevance(page) => page.limit,
            Self::Newest(page) => page.limit,
        }
    }
}

/// What of a search's answer is wanted beside the hits: each costs the index work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SearchExtras {
    /// Highlights of each hit.
    pub highlights: bool,
    /// The exact number of results.
    pub total: bool,
    /// Counts by type.
    pub types: bool,
    /// Counts of posts by author: this many, the most first.
    pub authors: Option<u32>,
    /// Counts by month.
    pub months: bool,
}

/// A search as the index is asked for it. Paging is forward only.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// What to find. Without a word nothing is found.
    pub text: SearchText,
    /// What it is narrowed to.
    pub filter: SearchFilter,
    /// Order and page.
    pub page: SearchPage,
    /// What is wanted beside the hits.
    pub extras: SearchExtras,
}

/// A thing that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SearchTarget {
    /// A user.
    User(UserId),
    /// A post.
    Post(PostId),
}

impl SearchTarget {
    /// Its kind.
    pub fn kind(self) -> SearchType {
        match self {
            Self::User(_) => SearchType::User,
            Self::Post(_) => SearchType::Post,
        }
    }

    /// Its id, whatever it is.
    pub fn uuid(self) -> Uuid {
        match self {
            Self::User(id) => id.0,
            Self::Post(id) => id.0,
        }
    }
}

/// One result of a search or a suggestion.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// What was found.
    pub target: SearchTarget,
    /// A user's name or a post's title, as indexed.
    pub title: String,
    /// How well it fits: comparable within one answer only.
    pub score: f32,
    /// Where the words were found.
    pub highlights: Vec<Highlight>,
}

/// A field in which words were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    /// The field as the API's contract names it: `handle`, `name`, `bio`, `title` or `content`.
    pub field: &'static str,
    /// The field, or its best part, as HTML: escaped, but for `<em>` around what matched.
    pub html: String,
}

/// What the index found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchAnswer {
    /// The page's hits, in order.
    pub hits: Vec<Hit>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many there are in all, if asked for.
    pub total: Option<u64>,
    /// Counts of the whole filtered result, as far as asked for.
    pub facets: Facets,
}

/// Counts over a whole filtered result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// By type, without zeros, users first.
    pub types: Vec<(SearchType, u64)>,
    /// Posts by author, the most first; ties by id, descending.
    pub authors: Vec<(UserId, u64)>,
    /// By the start of the month (UTC), the earliest first, without zeros.
    pub months: Vec<(Timestamp, u64)>,
}

/// A typeahead request: what begins with the prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestRequest {
    /// What was typed, folded to lower case and trimmed: 1 to 64 characters.
    pub prefix: String,
    /// Only users, or only posts; `None`: both.
    pub only: Option<SearchType>,
    /// How many at most.
    pub limit: u32,
}

impl SuggestRequest {
    /// The typed words: all but the last must stand in the field, and one of its words must begin with the last.
    pub fn words(&self) -> Vec<String> {
        text::words(&self.prefix)
    }
}

/// How a suggestion fits, best first; the index orders by this, then by id, descending.
pub mod suggestion_score {
    /// The prefix is the handle.
    pub const EXACT_HANDLE: f32 = 3.0;
    /// The handle begins with the prefix.
    pub const HANDLE: f32 = 2.0;
    /// A word of the name or title begins with it.
    pub const WORD: f32 = 1.0;
}

/// Posts and likes in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCount {
    /// The interval's start.
    pub start: Timestamp,
    /// Posts published in it.
    pub posts: u64,
    /// Likes given in it.
    pub likes: u64,
}
