//! What the truth answers while there is no index.

use polygraph::domain::{Period, Timestamp};
use polygraph::ports::UserStore;

use super::model::Model;

pub(super) async fn users_are_looked_for_without_an_index(store: &dyn UserStore) {
    let mut model = Model::new(51);
    let texts = [
        ("ada_l", "Ada Lovelace", Some("Analytical ENGINES")),
        ("babbage", "Charles", None),
        ("engineer", "A 100% sure_thing", Some(r"a\b")),
        ("adam", "engine driver", None),
    ];
    let users: Vec<_> = (0..)
        .zip(texts)
        .map(|(n, (handle, name, bio))| {
            let mut user = model.user(handle, Timestamp::from_millis(1_700_000_000_000 + n));
            (user.name, user.bio) = (name.into(), bio.map(Into::into));
            user
        })
        .collect();
    store.insert_users(&users).await.expect("four users");
    let find = async |words: &[&str], period, after: Option<usize>, limit| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let found = store.users_with(&words, period, after.map(|at| users[at].id), limit).await.expect("users");
        let place = |id| users.iter().position(|user| user.id == id).expect("one of them");
        found.iter().map(|user| place(user.id)).collect::<Vec<_>>()
    };
    let always = Period::default();
    assert_eq!(find(&["engine"], always, None, 10).await, [3, 2, 0], "in all three texts, in any case");
    assert_eq!(find(&["engine", "ada"], always, None, 10).await, [3, 0], "over them together");
    assert_eq!(find(&["engine"], always, None, 1).await, [3]);
    assert_eq!(find(&["engine"], always, Some(3), 1).await, [2]);
    for literal in ["100%", "sure_t", r"a\b"] {
        assert_eq!(find(&[literal], always, None, 10).await, [2], "{literal} is no more than text");
    }
    let period = Period::new(Some(users[1].created_at), Some(users[3].created_at)).expect("a period");
    assert_eq!(find(&["engine"], period, None, 10).await, [2]);
    assert_eq!(find(&["nobody"], always, None, 10).await, [0_usize; 0]);
}
