//! Which tags an answer has by which of its fields, and which tags a write bumps: the tables of `docs/caching.md`.
//!
//! The fields are those that introspection lists. What a field adds is what is read for it and not for its parent.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use polygraph::app::gateway;
use polygraph::cache::{Reads, noting};
use polygraph::domain::event::{Event, Happened, Stamp};
use polygraph::domain::{PostId, Tag, Timestamp, UserId};
use polygraph::http::Gateway;
use polygraph::stores::layer::CallLog;
use uuid::Uuid;

use crate::authorization::people::{Asker, People};
use crate::authorization::{schema, ways};
use crate::support::{World, clock, global, run};

#[test]
fn the_documentation_says_which_fields_add_which_tags() {
    hold("fields", &run(fields(World::embedded())));
}

#[test]
fn the_documentation_says_which_events_bump_which_tags() {
    hold("events", &events());
}

/// Holds the table of this name in `docs/caching.md` to `table`, or writes it.
fn hold(name: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/caching.md");
    let text = std::fs::read_to_string(&path).expect("docs/caching.md");
    let begin = format!("<!-- {name}: made by `UPDATE_DOCS=1 cargo test --test api cache::table` -->\n");
    let end = format!("<!-- /{name} -->");
    let (before, rest) = text.split_once(&begin).expect("the begin of the table is marked");
    let (_, after) = rest.split_once(&end).expect("the end of the table is marked");
    let expected = format!("{before}{begin}\n{table}\n{end}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        // The other table is written by another test of this process.
        static WRITING: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let _alone = WRITING.lock();
        let text = std::fs::read_to_string(&path).expect("docs/caching.md");
        let stale = format!("{begin}{}{end}", rest.split_once(&end).expect("the end").0);
        std::fs::write(&path, text.replace(&stale, &format!("{begin}\n{table}\n{end}"))).expect("it can be written");
    } else {
        assert_eq!(text, expected, "docs/caching.md is stale: run UPDATE_DOCS=1 cargo test --test api cache::table");
    }
}

async fn fields(world: &World) -> String {
    let people = people(world);
    let types = schema::types(world.client()).await;
    let is_read = |name: &str| {
        !name.ends_with("Payload") && !["Mutation", "Subscription", "AccessToken", "UserError"].contains(&name)
    };
    let mut table = "| field | adds |\n|---|---|\n".to_owned();
    for (of, fields) in types.iter().filter(|(name, _)| is_read(name)) {
        let parent = schema::Field {
            name: "__typename".to_owned(),
            of: "String".to_owned(),
            composite: false,
            needs_arguments: false,
        };
        let without = read(world, &ways::to(&people, &people.owner, of, &parent).0).await;
        for field in fields {
            let with = read(world, &ways::to(&people, &people.owner, of, field).0).await;
            let added: Vec<_> = with.difference(&without).copied().collect();
            // Writing to text can't fail.
            let _ = writeln!(table, "| `{of}.{}` | {} |", field.name, added.join(", "));
        }
    }
    table
}

/// The kinds of tags that the answer to a query has.
async fn read(world: &World, query: &str) -> BTreeSet<&'static str> {
    let reads = Reads::default();
    let stores = noting(&world.logged(&CallLog::default()), &reads);
    let served = world.serve(Gateway { stores, ..gateway(&world.config, &world.stores, &clock()) }).await;
    // What `ways` takes for granted is there in another form.
    let query = query.replace("ada_l", "demo").replace("zyzzyva", "rust").replace("zyz", "ru");
    served.client.signed_in("demo").ask(&query).await.data();
    reads.tags().expect("every call was a read, and answered").iter().map(|tag| tag.kind()).collect()
}

/// The demo data's `demo`, as the one who has everything.
fn people(world: &World) -> People {
    let society = &world.society;
    let demo = society.demo().id;
    let like = society.likes.iter().find(|like| like.id.user == demo).expect("a like of demo's");
    let asker = |name| {
        let client = world.client().signed_in("demo");
        Asker { spare: client.clone(), client, guess: "", password: "", name }
    };
    People {
        stranger: asker("stranger"),
        other: asker("other"),
        owner: asker("owner"),
        user: global(demo),
        post: global(like.id.post),
        like: global(like.id),
        demo: global(demo),
    }
}

fn events() -> String {
    let stamp = Stamp::new(Timestamp::from_millis(0), [0; 10]);
    let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let of_user = |happened| stamp.event(UserId(here), 1, happened);
    let of_post = |happened| stamp.event(PostId(here), 1, happened);
    let (author, user, followed) = (there, there, there);
    let rows: [(&str, Event); 11] = [
        ("signUp", of_user(Happened::UserCreated)),
        ("updateProfile", of_user(Happened::UserUpdated)),
        ("deleteAccount", of_user(Happened::UserClosed)),
        ("deleteAccount, once all is gone", of_user(Happened::UserDeleted)),
        ("follow", of_user(Happened::UserFollowed { followed })),
        ("unfollow", of_user(Happened::UserUnfollowed { followed })),
        ("createPost", of_post(Happened::PostCreated { author })),
        ("updatePost", of_post(Happened::PostUpdated { author })),
        ("deletePost", of_post(Happened::PostDeleted { author })),
        ("likePost", of_post(Happened::PostLiked { author, user })),
        ("unlikePost", of_post(Happened::PostUnliked { author, user })),
    ];
    let mut table =
        "| mutation | event | bumps before it is answered | bumps once it is searchable |\n|---|---|---|---|\n"
            .to_owned();
    let kinds =
        |tags: &[Tag]| tags.iter().map(|tag| tag.kind()).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    for (mutation, event) in rows {
        let (truth, index) = (kinds(&Tag::of(&event)).join(", "), kinds(Tag::of_indexed(&event)).join(", "));
        let _ = writeln!(table, "| `{mutation}` | `{}` | {truth} | {index} |", event.happened.name());
    }
    for nothing in ["signIn", "signOut", "changePassword"] {
        let _ = writeln!(table, "| `{nothing}` | | nothing that a query reads | |");
    }
    table
}
