//! Search results and their facets.

use async_graphql::{ComplexObject, Context, ContextSelectionSet, Object, ServerResult, SimpleObject, Union, Value};
use futures::future::BoxFuture;

use super::{Post, User};
use crate::domain::cursor::CursorField;
use crate::domain::search::{Facets, Hit, SearchPage, SearchTarget};
use crate::domain::{ByScore, UserId, page};
use crate::graphql::context::RequestContext;
use crate::graphql::errors::{ApiError, Result};
use crate::graphql::in_place::{InPlace, List, Resolve};
use crate::graphql::pages::{self, PageInfo, int};
use crate::graphql::projection;
use crate::graphql::scalars::{AtMost, DateTime, SearchType};
use crate::graphql::weights::{Length, ListSize};
use crate::loaders::PostKey;

/// A page of search results.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(in crate::graphql) struct SearchConnection {
    #[graphql(skip)]
    pub edges: Vec<SearchEdge>,
    /// Where this page stands in the list. Results are paged forward only.
    pub page_info: PageInfo,
    /// How many results there are, exactly; null when the index is down and the stores themselves answer.
    pub total_count: Option<i32>,
    /// Counts over all results; null when the index is down and the stores themselves answer.
    pub facets: Option<InPlace<SearchFacets>>,
}

#[ComplexObject]
impl SearchConnection {
    /// The results of this page with their cursors.
    async fn edges(&self) -> List<&SearchEdge> {
        self.edges.iter().collect()
    }

    /// The results of this page.
    async fn nodes(&self) -> List<&SearchResult> {
        self.edges.iter().map(|edge| &edge.node.0).collect()
    }
}

/// A search result on a page.
#[derive(SimpleObject)]
pub(in crate::graphql) struct SearchEdge {
    /// The result's position in the list: pass it as `after`.
    pub cursor: String,
    /// The result.
    pub node: InPlace<SearchResult>,
}

/// The edges of a page of hits.
pub(in crate::graphql) fn search_edges(
    page: &SearchPage,
    hits: Vec<Hit>,
    has_more: bool,
) -> (Vec<SearchEdge>, PageInfo) {
    let slice = crate::domain::Slice { items: hits, has_more };
    let (edges, info) = match page {
        SearchPage::Relevance(page) => {
            let key = |hit: &Hit| ByScore { score: hit.score, id: hit.target.uuid() };
            pages::edges(CursorField::SearchRelevance, page, slice, key)
        }
        SearchPage::Newest(page) => pages::edges(CursorField::SearchNewest, page, slice, |hit| hit.target.uuid()),
    };
    (edges.into_iter().map(|(cursor, hit)| SearchEdge { cursor, node: InPlace(SearchResult(hit)) }).collect(), info)
}

/// Something that was found.
pub(in crate::graphql) struct SearchResult(pub Hit);

/// A user or a post.
#[derive(Union)]
pub(in crate::graphql) enum SearchNode {
    /// A user.
    User(User),
    /// A post.
    Post(Post),
}

impl Resolve for SearchNode {
    fn resolve_fields<'a>(&'a self, ctx: &'a ContextSelectionSet<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        match self {
            Self::User(user) => user.resolve_fields(ctx),
            Self::Post(post) => post.resolve_fields(ctx),
        }
    }
}

/// Something that was found.
#[Object]
impl SearchResult {
    /// Whether it is a user or a post.
    #[graphql(name = "type")]
    async fn kind(&self) -> SearchType {
        self.0.target.kind().into()
    }

    /// The user's name or the post's title as indexed: there also when the thing itself can't be fetched.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The thing itself; null when it can't be fetched at the moment.
    async fn node(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<SearchNode>>> {
        Ok(self.fetch_node(ctx).await?.map(InPlace))
    }

    /// How well it fits; comparable within one answer only.
    async fn score(&self) -> f32 {
        self.0.score
    }

    /// Where the words were found.
    #[graphql(directive = ListSize::apply(Length::AtMost(5)))]
    async fn highlights(&self) -> List<Highlight> {
        let highlight =
            |found: &crate::domain::search::Highlight| Highlight { field: found.field, html: found.html.clone() };
        self.0.highlights.iter().map(highlight).collect()
    }
}

impl SearchResult {
    async fn fetch_node(&self, ctx: &Context<'_>) -> Result<Option<SearchNode>> {
        let loaders = &RequestContext::of(ctx).loaders;
        Ok(match self.0.target {
            SearchTarget::User(id) => loaders.users.by_id.load(id).await?.map(|user| SearchNode::User(User(user))),
            SearchTarget::Post(id) => {
                let key = PostKey { id, fields: projection::here(ctx) };
                loaders.posts.by_id.load(key).await?.map(|post| SearchNode::Post(Post(post)))
            }
        })
    }
}

/// A field in which words were found.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Highlight {
    /// The field: `handle`, `name`, `bio`, `title` or `content`.
    pub field: &'static str,
    /// The whole of a short field, the best part of a long one, as HTML that is safe to show: all is escaped, but for
    /// `<em>` around what matched.
    pub html: String,
}

/// Counts over all results of a search, whatever the page.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(in crate::graphql) struct SearchFacets {
    /// Results by type.
    #[graphql(directive = ListSize::apply(Length::AtMost(2)))]
    types: List<TypeFacet>,
    /// Results by the month (UTC) in which they were created.
    #[graphql(directive = ListSize::apply(Length::AtMost(240)))]
    months: List<MonthFacet>,
    #[graphql(skip)]
    authors: Vec<(UserId, u64)>,
}

#[ComplexObject]
impl SearchFacets {
    /// Posts by author, the most first.
    #[graphql(directive = ListSize::apply(Length::First))]
    async fn authors(
        &self,
        #[graphql(desc = "How many at most: 1 to 100.", default_with = "AtMost::default()")] first: AtMost<10>,
    ) -> async_graphql::Result<List<AuthorFacet>> {
        let first = page::limit("first", first.0).map_err(ApiError::from)?;
        let facet = |&(author, count): &(UserId, u64)| AuthorFacet { author, count };
        Ok(self.authors.iter().take(first as usize).map(facet).collect())
    }
}

impl From<Facets> for SearchFacets {
    fn from(facets: Facets) -> Self {
        Self {
            types: facets
                .types
                .iter()
                .map(|&(kind, count)| TypeFacet { kind: kind.into(), count: int(count) })
                .collect(),
            months: facets
                .months
                .iter()
                .map(|&(month, count)| MonthFacet { month: DateTime(month), count: int(count) })
                .collect(),
            authors: facets.authors,
        }
    }
}

/// How many results are of a type.
#[derive(SimpleObject, Clone)]
pub(in crate::graphql) struct TypeFacet {
    /// The type.
    #[graphql(name = "type")]
    kind: SearchType,
    /// How many.
    count: i32,
}

/// How many results were created in a month.
#[derive(SimpleObject, Clone)]
pub(in crate::graphql) struct MonthFacet {
    /// When the month starts (UTC).
    month: DateTime,
    /// How many.
    count: i32,
}

/// How many of the posts found are by an author.
pub(in crate::graphql) struct AuthorFacet {
    author: UserId,
    count: u64,
}

/// How many of the posts found are by an author.
#[Object]
impl AuthorFacet {
    /// Who wrote them; null when they can't be fetched at the moment.
    async fn author(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<InPlace<User>>> {
        let author = RequestContext::of(ctx).loaders.users.by_id.load(self.author).await;
        Ok(author.map_err(ApiError::from)?.map(User).map(InPlace))
    }

    /// How many.
    async fn count(&self) -> i32 {
        int(self.count)
    }
}

/// The cursor that `after` gives for a search in this order.
pub(in crate::graphql) fn search_page(newest: bool, first: Option<i32>, after: Option<String>) -> Result<SearchPage> {
    let args = crate::domain::PageArgs { first, after, last: None, before: None };
    Ok(if newest {
        SearchPage::Newest(args.page(CursorField::SearchNewest)?)
    } else {
        SearchPage::Relevance(args.page(CursorField::SearchRelevance)?)
    })
}
