//! Search and typeahead, joined with the truth.

use async_graphql::{Context, ID, Lookahead};
use futures::future::join_all;

use super::RequestContext;
use crate::domain::search::{Hit, SearchExtras, SearchFilter, SearchRequest, SearchTarget, SearchText, SuggestRequest};
use crate::domain::{GlobalId, InvalidInput, Period, PostFields, page, text};
use crate::graphql::errors::Result;
use crate::graphql::in_place::InPlace;
use crate::graphql::pages::int;
use crate::graphql::projection;
use crate::graphql::scalars::{DateTime, SearchOrder, SearchType};
use crate::graphql::types::{SearchConnection, SearchFacets, SearchResult, search_edges, search_page};
use crate::loaders::PostKey;
use crate::services::fallback;

/// The arguments of `search`.
pub(super) struct Args {
    pub query: String,
    pub types: Option<Vec<SearchType>>,
    pub author: Option<ID>,
    pub from: Option<DateTime>,
    pub to: Option<DateTime>,
    pub order_by: SearchOrder,
    pub first: Option<i32>,
    pub after: Option<String>,
}

pub(super) async fn fetch_search(ctx: &Context<'_>, args: Args) -> Result<SearchConnection> {
    let selected = ctx.look_ahead();
    let result = [selected.field("nodes"), selected.field("edges").field("node")];
    let facets = selected.field("facets");
    let request = SearchRequest {
        text: SearchText::parse(&args.query)?,
        filter: SearchFilter {
            only: only(args.types.as_deref())?,
            author: args.author.map(|id| GlobalId::parse(&id)?.user()).transpose()?,
            period: Period::new(args.from.map(|from| from.0), args.to.map(|to| to.0))?,
        },
        page: search_page(args.order_by == SearchOrder::Newest, args.first, args.after)?,
        extras: SearchExtras {
            highlights: result.iter().any(|result| result.field("highlights").exists()),
            total: selected.field("totalCount").exists(),
            types: facets.field("types").exists(),
            authors: most_authors(&facets),
            months: facets.field("months").exists(),
        },
    };
    let here = RequestContext::of(ctx);
    let answered = fallback::search(&here.stores, &request).await?;
    // What counts over the whole result is the index's alone.
    let has_facets = facets.exists() && !answered.is_degraded;
    let answer = here.answered(answered);
    let hits = keep_existing(ctx, answer.hits, &result).await;
    let (edges, page_info) = search_edges(&request.page, hits, answer.has_more);
    Ok(SearchConnection {
        edges,
        page_info,
        total_count: answer.total.map(int),
        facets: has_facets.then(|| InPlace(SearchFacets::from(answer.facets))),
    })
}

pub(super) async fn fetch_suggestions(
    ctx: &Context<'_>,
    prefix: &str,
    types: Option<&[SearchType]>,
    first: i32,
) -> Result<Vec<SearchResult>> {
    let request = SuggestRequest {
        prefix: text::argument("prefix", prefix, 64)?.to_lowercase(),
        only: only(types)?,
        limit: page::limit("first", first)?,
    };
    let here = RequestContext::of(ctx);
    let hits = here.answered(fallback::suggest(&here.stores, &request).await?);
    let hits = keep_existing(ctx, hits, &[ctx.look_ahead()]).await;
    Ok(hits.into_iter().map(SearchResult).collect())
}

/// The one type that results are narrowed to, if they are.
fn only(types: Option<&[SearchType]>) -> Result<Option<crate::domain::search::SearchType>> {
    let Some(types) = types else { return Ok(None) };
    match (types.contains(&SearchType::User), types.contains(&SearchType::Post)) {
        (true, true) => Ok(None),
        (true, false) => Ok(Some(SearchType::User.into())),
        (false, true) => Ok(Some(SearchType::Post.into())),
        (false, false) => Err(InvalidInput::new("`types` must name at least one type, or be left out.").into()),
    }
}

/// How many authors the selected facets want at most. What is out of range is refused where the field is resolved.
fn most_authors(facets: &Lookahead<'_>) -> Option<u32> {
    let selected = facets.field("authors").selection_fields();
    let wanted = selected.iter().map(|field| {
        let arguments = field.arguments().unwrap_or_default();
        let first = arguments.iter().find(|(name, _)| name == "first").map(|(_, value)| value);
        match first {
            Some(async_graphql::Value::Number(first)) => first.as_u64().map_or(1, |first| first.clamp(1, 100)) as u32,
            _ => 10,
        }
    });
    wanted.max()
}

/// Leaves out hits whose truth is gone, where the truth is selected at all: the page may then be short, never wrong.
/// A store that does not answer leaves all its hits in; the fields that need it say why they are null.
async fn keep_existing(ctx: &Context<'_>, hits: Vec<Hit>, results: &[Lookahead<'_>]) -> Vec<Hit> {
    let nodes: Vec<_> = results.iter().map(|result| result.field("node")).filter(Lookahead::exists).collect();
    if nodes.is_empty() {
        return hits;
    }
    let loaders = &RequestContext::of(ctx).loaders;
    let fields = nodes.iter().fold(PostFields::default(), |fields, node| fields.or(projection::of_post(node)));
    let exists = async |hit: &Hit| match hit.target {
        SearchTarget::User(id) => !matches!(loaders.users.by_id.load(id).await, Ok(None)),
        SearchTarget::Post(id) => !matches!(loaders.posts.by_id.load(PostKey { id, fields }).await, Ok(None)),
    };
    let exist = join_all(hits.iter().map(exists)).await;
    hits.into_iter().zip(exist).filter_map(|(hit, exists)| exists.then_some(hit)).collect()
}
