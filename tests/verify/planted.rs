//! Every kind of difference is found, mended through the outbox, and gone.

use std::collections::BTreeSet;

use polygraph::domain::search::{IndexDocument, IndexKey};
use polygraph::domain::{Like, LikeId, Post, PostFields, PostId, Timestamp, User, UserId};
use uuid::Uuid;

use crate::on_all_stores;
use crate::planting::index::RawIndex;
use crate::planting::mongo::RawMongo;
use crate::planting::sql::RawSql;
use crate::world::{Which, World};

const NOBODY: UserId = UserId(Uuid::from_u128(1));
const NOWHERE: PostId = PostId(Uuid::from_u128(2));

/// What is there.
struct Data {
    users: Vec<User>,
    posts: Vec<Post>,
    likes: Vec<(Like, u64)>,
}

async fn data(world: &World) -> Data {
    let stores = world.open();
    Data {
        users: stores.users.scan_users(None, 100).await.expect("users"),
        posts: stores.posts.scan_posts(None, 100).await.expect("posts"),
        likes: stores.posts.scan_likes(None, 500).await.expect("likes"),
    }
}

/// Plants wrong counts of each kind and orphans in the truth. Returns what should be said of them.
async fn plant_in_truth(world: &World, data: &Data) -> Vec<String> {
    let Data { users, posts, likes } = data;
    let (author, liker) = (posts[5].author, likes[7].0.id.user);
    let orphan = LikeId { post: posts[3].id, user: NOBODY };
    let mut said = vec![
        format!("wrong count: user {} followersCount", users[1].id),
        format!("wrong count: user {} followingCount", users[2].id),
        format!("wrong count: user {author} postsCount"),
        format!("wrong count: user {liker} likesCount"),
        format!("wrong count: post {} likeCount", posts[2].id),
        format!("orphan like: like {}:{}", orphan.post, orphan.user),
        // Which the index lacks, too.
        format!("missing document: like {}:{}", orphan.post, orphan.user),
    ];
    let sql = RawSql::of(world).await;
    sql.miscount_user(users[1].id, "followers_count").await;
    sql.miscount_user(users[2].id, "following_count").await;
    if world.has_mongodb() {
        let mongo = RawMongo::of(world).await;
        mongo.miscount_author(author, "posts").await;
        mongo.miscount_author(liker, "likes").await;
        mongo.miscount_post(posts[2].id).await;
        mongo.insert_like(orphan, posts[3].author).await;
        mongo.miscount_post(orphan.post).await;
        // In SQL no like can be of a post that is not there.
        let stray = LikeId { post: NOWHERE, user: users[4].id };
        mongo.insert_like(stray, NOBODY).await;
        mongo.miscount_author(stray.user, "likes").await;
        said.push(format!("orphan like: like {}:{}", stray.post, stray.user));
    } else {
        sql.miscount_author(author, "posts_count").await;
        sql.miscount_author(liker, "likes_count").await;
        sql.miscount_post(posts[2].id).await;
        sql.insert_like(orphan, posts[3].author).await;
    }
    said
}

/// How far the planted documents are above the truth.
const AHEAD: u64 = 7;

/// Plants missing, stale and surplus documents in the index. Returns what should be said of them.
async fn plant_in_index(world: &World, data: &Data) -> Vec<String> {
    let Data { users, posts, likes } = data;
    let mut index = RawIndex::of(world);
    let (missing_like, created_at) = (likes[100].0.id, Timestamp::from_millis(0));
    for key in [IndexKey::User(users[0].id), IndexKey::Post(posts[20].id), IndexKey::Like(missing_like)] {
        index.remove(key).await;
    }
    let post = |id, author| {
        let (title, content) = ("Another".to_owned(), "text".to_owned());
        IndexDocument::Post { id, author, title, content, created_at }
    };
    let like = |post, user| IndexDocument::Like { id: LikeId { post, user }, author: NOBODY, created_at };
    let stale_like = likes[150].0.id;
    let planted = [
        (post(posts[10].id, posts[10].author), posts[10].version + AHEAD),
        (like(stale_like.post, stale_like.user), likes[150].1 + AHEAD),
        (post(NOWHERE, NOBODY), 5),
        (like(posts[11].id, NOBODY), posts[11].version + AHEAD),
        (like(NOWHERE, users[6].id), 9),
    ];
    for (document, version) in &planted {
        index.put(document, *version).await;
    }
    index.done().await;
    vec![
        format!("missing document: user {}", users[0].id),
        format!("missing document: post {}", posts[20].id),
        format!("missing document: like {}:{}", missing_like.post, missing_like.user),
        format!("stale document: post {}", posts[10].id),
        format!("stale document: like {}:{}", stale_like.post, stale_like.user),
        format!("surplus document: post {NOWHERE}"),
        format!("surplus document: like {}:{NOBODY}", posts[11].id),
        format!("surplus document: like {NOWHERE}:{}", users[6].id),
    ]
}

/// What a report says, without the values.
fn said(out: &str) -> BTreeSet<String> {
    out.lines().filter_map(|line| line.split_once(": truth ")).map(|(what, _)| what.to_owned()).collect()
}

async fn each_planted_difference_is_found_and_mended(which: Which) {
    let world = World::seeded(which);
    let clean = world.run(&["verify"]);
    assert_eq!((clean.code, clean.out.as_str()), (Some(0), "No difference.\n"), "{clean:?}");

    let data = data(&world).await;
    let mut planted = plant_in_truth(&world, &data).await;
    planted.extend(plant_in_index(&world, &data).await);
    let planted: BTreeSet<String> = planted.into_iter().collect();

    let found = world.run(&["verify"]);
    assert_eq!(said(&found.out), planted, "{found:?}");
    assert_eq!(found.code, Some(1));
    assert!(found.err.contains("`polygraph verify --repair` mends them"), "{found:?}");
    assert_eq!(said(&world.run(&["verify"]).out), planted, "looking changes nothing");

    let mended = world.run(&["verify", "--repair"]);
    assert_eq!(mended.code, Some(0), "{mended:?}");
    assert!(mended.out.contains("Mended: ") && mended.out.ends_with("No difference.\n"), "{mended:?}");
    let clean = world.run(&["verify"]);
    assert_eq!((clean.code, clean.out.as_str()), (Some(0), "No difference.\n"), "{clean:?}");
    let again = world.run(&["verify", "--repair"]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), "No difference.\n"), "nothing is mended twice: {again:?}");

    let stores = world.open();
    let now = stores.posts.posts_by_id(&[data.posts[10].id, data.posts[2].id], PostFields::ALL).await.expect("posts");
    let overtaken = &now[&data.posts[10].id];
    assert!(overtaken.version > data.posts[10].version + AHEAD, "the truth went above what the index had seen");
    assert_eq!((&overtaken.title, overtaken.revision), (&data.posts[10].title, data.posts[10].revision));
    assert_eq!(now[&data.posts[2].id].like_count, data.posts[2].like_count);
    assert!(now[&data.posts[2].id].version > data.posts[2].version, "a count that is mended is a change");
}

on_all_stores! {
    each_planted_difference_is_found_and_mended,
}
