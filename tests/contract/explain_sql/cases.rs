//! Every paged statement, at each place that a page can be, and those that suggest whom to follow and what to read.

use polygraph::domain::{ByCount, ByHandle, ByTime, Direction, Page, PostFields};
use polygraph::stores::sql::queries;
use sea_orm::{DbBackend, Statement};

use super::data::{Data, LIKES_OF_LIKER, PARENTS, RELATIONS, moment};

/// How many items a page has.
const LIMIT: u32 = 10;
/// What may be read for it: one more, to see whether there is more.
const PAGE: u64 = LIMIT as u64 + 1;

/// A paged statement.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) statement: Statement,
    /// How many rows of each table it may read.
    pub(super) at_most: u64,
    /// Whether it has to count before it knows the order, and so sorts what it counted: no index holds that.
    pub(super) counts: bool,
}

/// All of them, on this dialect.
pub(super) fn cases(dialect: DbBackend, data: &Data) -> Vec<Case> {
    let fields = PostFields::default();
    let (parents, batch) = (data.parents(), PAGE * PARENTS as u64);
    let (user, post) = (data.users[2_500], data.posts[3_000]);
    let (posts, author) = (&data.posts[..PARENTS], data.users[0]);
    let by_handle = ByHandle("user_2500".into());
    let by_count = ByCount { count: 1, id: user.0 };
    let by_likes = ByCount { count: 1, id: post.0 };
    let by_time = ByTime { at: moment(50), id: user.0 };

    let mut cases = Vec::new();
    cases.extend(pages("users_newest", PAGE, user, |page| queries::users_newest(dialect, page)));
    cases.extend(pages("users_by_handle_order", PAGE, by_handle, |page| queries::users_by_handle_order(dialect, page)));
    cases.extend(pages("users_most_followed", PAGE, by_count, |page| queries::users_most_followed(dialect, page)));
    cases.extend(pages("followers", batch, by_time, |page| queries::followers(dialect, parents, page)));
    cases.extend(pages("following", batch, by_time, |page| queries::following(dialect, parents, page)));
    cases.extend(pages("posts_newest", PAGE, post, |page| queries::posts_newest(dialect, page, fields)));
    cases.extend(pages("posts_most_liked", PAGE, by_likes, |page| {
        queries::posts_most_liked(dialect, None, page, fields)
    }));
    cases.extend(pages("posts_most_liked of one author", PAGE, by_likes, |page| {
        queries::posts_most_liked(dialect, Some(author), page, fields)
    }));
    cases.extend(pages("posts_of_authors", batch, post, |page| {
        queries::posts_of_authors(dialect, parents, page, fields)
    }));
    cases.extend(pages("likes_of_posts", batch, by_time, |page| queries::likes_of_posts(dialect, posts, page)));
    cases.extend(pages("likes_by_users", batch, by_time, |page| queries::likes_by_users(dialect, parents, page)));
    // A page of mutual followers is looked for among the followers of each parent, or among those whom the viewer
    // follows: as many as there are at worst, and each of them is looked up in the other list.
    let mutual = (2 * RELATIONS * PARENTS) as u64 + batch;
    cases.extend(pages("mutual_followers", mutual, by_time, |page| {
        queries::mutual_followers(dialect, data.users[0], parents, page)
    }));
    // A feed reads an entry for each author, one that follows each post of the page, and the posts themselves.
    let feed = |authors: u64| authors + 2 * PAGE;
    cases.extend(pages("feed of 20", feed(20), post, |page| queries::feed(dialect, parents, page, fields)));
    cases
        .extend(pages("feed of 1,000", feed(1_000), post, |page| queries::feed(dialect, data.authors(), page, fields)));
    cases.extend(suggesting(dialect, data));
    cases
}

/// What is suggested to a viewer is counted among those whom they follow, and nobody else is read.
fn suggesting(dialect: DbBackend, data: &Data) -> Vec<Case> {
    let viewer = data.users[1];
    let (own, theirs) = (data.followees(&[viewer]), data.followees(&data.followees(&[viewer])));
    assert_eq!(own.len(), RELATIONS);
    // The viewer's list is read to go on from, and once more to leave out who is in it. Of users: whether each account
    // is open, and the page. What is read for each of the viewer's friends is told as a rounded mean.
    let friends_of_friends = (2 * own.len() + theirs.len() + own.len()) as u64 + PAGE;
    let suggestions = Case::counting("suggestions", friends_of_friends, queries::suggestions(dialect, viewer, LIMIT));
    let by_likers = ByCount { count: 1, id: data.posts[3_000].0 };
    let followees = Case::counting("followees", own.len() as u64, queries::followees(dialect, viewer));
    let recommended =
        [(10, "recommended by 10"), (1_000, "recommended by 1,000")].into_iter().flat_map(|(count, name)| {
            let likers = &data.likers()[..count];
            // Of likes: those of the likers, and the viewer's own, which are left out. Of posts: who wrote what they like.
            let their_likes = (count * LIKES_OF_LIKER + RELATIONS) as u64 + PAGE;
            pages(name, their_likes, by_likers, move |page| {
                queries::recommended(dialect, viewer, likers, page, PostFields::default())
            })
        });
    recommended.map(|case| Case { counts: true, ..case }).chain([suggestions, followees]).collect()
}

impl Case {
    fn counting(name: &str, at_most: u64, statement: Statement) -> Self {
        Self { name: name.to_owned(), statement, at_most, counts: true }
    }
}

/// The first page, the last, and those on both sides of `middle`.
fn pages<C: Clone>(
    name: &str,
    at_most: u64,
    middle: C,
    statement: impl Fn(&Page<C>) -> Statement,
) -> impl Iterator<Item = Case> {
    let places = [
        ("first", Direction::Forward, None),
        ("last", Direction::Backward, None),
        ("after", Direction::Forward, Some(middle.clone())),
        ("before", Direction::Backward, Some(middle)),
    ];
    places
        .map(|(place, direction, cursor)| {
            let page = Page { limit: LIMIT, direction, cursor };
            Case { name: format!("{name}, {place}"), statement: statement(&page), at_most, counts: false }
        })
        .into_iter()
}
