//! A society of any size, made by the store itself: statements that insert a table at a time.
//!
//! All that a page shows is the same at every size: whom a user follows, how many posts an author has, how many likes
//! most posts have. What grows is all that the page does not show: how much else there is, and how long the lists are of
//! which a page shows the beginning: the newest hundred posts have one like more for every hundred posts there are, and
//! their authors the followers.

use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend};

use crate::Failure;

/// Posts for each user.
const POSTS_OF_USER: u64 = 10;
/// The newest posts that everybody likes.
const HOT: u64 = 100;
/// Likes that every post has.
const LIKES: u64 = 9;
/// Whom everybody follows: so many authors of hot posts, and so many others.
const FOLLOWED: (u64, u64) = (5, 20);
/// How many posts have the same word in their titles: those that a search for it finds.
pub(super) const SAME_WORD: u64 = 40;
/// The number of the first word that is in titles alone.
const TITLES: u64 = 20_000;
/// Sentences that the contents are made of, three to a post.
const SENTENCES: u64 = 1_000;

/// When the first user joined, and the first post was written (2023-01-01); milliseconds.
const FIRST_USER: u64 = 1_600_000_000_000;
const FIRST_POST: u64 = 1_672_531_200_000;
/// From each to the next.
const A_MINUTE: u64 = 60_000;

/// How large a society is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Society {
    pub(super) posts: u64,
}

impl Society {
    pub(super) fn users(self) -> u64 {
        self.posts / POSTS_OF_USER
    }

    pub(super) fn likes(self) -> u64 {
        self.posts * LIKES + HOT * self.more_likes()
    }

    fn more_likes(self) -> u64 {
        self.posts / HOT
    }

    /// The id of the user with this number, in hexadecimal digits.
    pub(super) fn user(number: u64) -> u128 {
        id(FIRST_USER, number)
    }

    /// The id of the post with this number.
    pub(super) fn post(number: u64) -> u128 {
        id(FIRST_POST, number)
    }

    /// The word that [`SAME_WORD`] titles hold, by its number.
    pub(super) fn title_word(number: u64) -> String {
        Self::word(TITLES + number)
    }

    fn word(number: u64) -> String {
        let mut rest = (number + 1) * SPREAD % WORDS;
        let mut word = String::new();
        for _ in 0..SYLLABLES {
            let at = (rest % 50) as usize * 2;
            word.push_str(&ALPHABET[at..at + 2]);
            rest /= 50;
        }
        word
    }

    /// A word of many posts: three in a hundred, however many there are.
    pub(super) fn common_word() -> String {
        Self::word(COMMON)
    }

    /// How many words titles have between them.
    pub(super) fn words(self) -> u64 {
        self.posts / SAME_WORD
    }

    /// Fills empty tables.
    pub(super) async fn fill(self, url: &str, schema: &str) -> Result<(), Failure> {
        let database = connect(url).await?;
        let dialect = database.get_database_backend();
        for statement in self.statements(dialect, schema) {
            database.execute_unprepared(&statement).await.map_err(|error| format!("{error}: {statement}"))?;
        }
        database.close().await?;
        Ok(())
    }

    /// Removes all that was filled in, where it would stay.
    pub(super) async fn remove(url: &str, schema: &str) -> Result<(), Failure> {
        let database = connect(url).await?;
        if database.get_database_backend() == DbBackend::Postgres {
            database.execute_unprepared(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await?;
        }
        database.close().await?;
        Ok(())
    }

    /// Indexes and references of the tables that are filled are made when they are full: that is sorting, in place of
    /// millions of insertions here and there.
    fn statements(self, dialect: DbBackend, schema: &str) -> Vec<String> {
        let is_postgres = dialect == DbBackend::Postgres;
        let (users, posts, more) = (self.users(), self.posts, self.more_likes());
        let hot = posts - HOT;
        let (of_hot, of_others) = FOLLOWED;
        let mut all = if is_postgres {
            vec![
                format!("SET search_path = {schema}"),
                "SET synchronous_commit = off; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'".to_owned(),
                "ALTER TABLE likes DROP CONSTRAINT likes_post_id_fkey, DROP CONSTRAINT likes_pkey".to_owned(),
                "ALTER TABLE follows DROP CONSTRAINT follows_follower_id_fkey, \
                 DROP CONSTRAINT follows_followed_id_fkey, DROP CONSTRAINT follows_pkey"
                    .to_owned(),
            ]
        } else {
            ["PRAGMA foreign_keys = OFF", "PRAGMA synchronous = OFF", "PRAGMA cache_size = -400000"]
                .map(str::to_owned)
                .to_vec()
        };
        let indexes: Vec<String> =
            INDEXES.iter().map(|index| index.split(' ').next().unwrap_or_default().to_owned()).collect();
        all.extend(indexes.iter().map(|name| format!("DROP INDEX {name}")));
        let words = Words { is_postgres };
        let numbers = |to: u64| words.numbers(to);
        all.push(format!(
            "CREATE TEMP TABLE u (n {} PRIMARY KEY, id {}); INSERT INTO u SELECT n, {} FROM ({}) AS s",
            words.number_type(),
            words.id_type(),
            words.id(FIRST_USER),
            numbers(users)
        ));
        all.push(format!(
            "CREATE TEMP TABLE s (n {} PRIMARY KEY, t text); INSERT INTO s SELECT n, {} FROM ({}) AS s",
            words.number_type(),
            (0..10)
                .map(|word| words.word(&format!("(n * 10 + {word}) % {SENTENCES}")))
                .collect::<Vec<_>>()
                .join(" || ' ' || ")
                + " || '.'",
            numbers(SENTENCES)
        ));
        all.push(format!(
            "INSERT INTO users (id, handle, name, email, email_key, created_at) SELECT id, 'user' || n, 'User ' || n, \
             'user' || n || '@example.org', 'user' || n || '@example.org', {FIRST_USER} + n * {A_MINUTE} FROM u ORDER BY n"
        ));
        all.push(format!(
            "CREATE TEMP TABLE p (n {3} PRIMARY KEY, id {0}, author {0}, at bigint, likes integer); INSERT INTO p \
             SELECT s.n, {1}, u.id, {FIRST_POST} + s.n * {A_MINUTE}, CASE WHEN s.n < {hot} THEN {LIKES} ELSE {LIKES} + {more} END \
             FROM ({2}) AS s JOIN u ON u.n = (s.n * 7919) % {users}",
            words.id_type(), words.id_of("s.n", FIRST_POST), numbers(posts), words.number_type()
        ));
        all.push(format!(
            "INSERT INTO posts (id, author_id, title, created_at, updated_at, like_count, content) \
             SELECT p.id, p.author, 'About ' || {} || ', no. ' || p.n, p.at, p.at, p.likes, a.t || ' ' || b.t || ' ' || c.t \
             FROM p JOIN s a ON a.n = p.n % {SENTENCES} JOIN s b ON b.n = (p.n * 7 + 1) % {SENTENCES} \
             JOIN s c ON c.n = (p.n * 13 + 2) % {SENTENCES} ORDER BY p.n",
            words.word(&format!("{TITLES} + p.n % {}", self.words()))
        ));
        if !is_postgres {
            all.push(format!(
                "CREATE TEMP TABLE e (n integer PRIMARY KEY); INSERT INTO e SELECT n FROM ({}) AS s",
                numbers((LIKES + more).max(of_others))
            ));
        }
        // The key's order: rows of SQLite lie in it.
        let order = |by: &str| if is_postgres { String::new() } else { format!("ORDER BY {by}") };
        let each = |to: &str| words.each(to);
        all.push(format!(
            "INSERT INTO likes (post_id, user_id, author_id, created_at) \
             SELECT p.id, u.id, p.author, p.at + e.n * 1000 FROM p {} CROSS JOIN u \
             WHERE e.n < p.likes AND u.n = (p.n * 31 + e.n) % {users} {}",
            each("p.likes"),
            order("p.n, u.n")
        ));
        all.push(format!(
            "INSERT INTO follows (follower_id, followed_id, created_at) SELECT f.id, followed.id, {FIRST_POST} + f.n FROM ( \
               SELECT u.id, u.n, (u.n + 17 + e.n * e.n) % {users} AS other FROM u {} WHERE e.n < {of_others} \
               UNION SELECT u.id, u.n, (({hot} + (u.n * {of_hot} + e.n) % {HOT}) * 7919) % {users} FROM u {} WHERE e.n < {of_hot} \
             ) AS f JOIN u followed ON followed.n = f.other WHERE f.other <> f.n {}",
            each(&of_others.to_string()), each(&of_hot.to_string()), order("1, 2")
        ));
        all.push(
            "INSERT INTO author_stats (author_id, posts_count, likes_count) \
             SELECT author, count(*), sum(likes) FROM p GROUP BY author"
                .to_owned(),
        );
        if is_postgres {
            all.push(
                "ALTER TABLE likes ADD PRIMARY KEY (post_id, user_id), ADD CONSTRAINT likes_post_id_fkey \
                      FOREIGN KEY (post_id) REFERENCES posts (id) ON DELETE CASCADE"
                    .to_owned(),
            );
            all.push("ALTER TABLE follows ADD PRIMARY KEY (follower_id, followed_id), \
                      ADD CONSTRAINT follows_follower_id_fkey FOREIGN KEY (follower_id) REFERENCES users (id) ON DELETE CASCADE, \
                      ADD CONSTRAINT follows_followed_id_fkey FOREIGN KEY (followed_id) REFERENCES users (id) ON DELETE CASCADE".to_owned());
        }
        all.extend(
            INDEXES
                .iter()
                .filter_map(|index| index.split_once(' '))
                .map(|(name, on)| format!("CREATE INDEX {name} ON {on}")),
        );
        for (count, by) in [("followers_count", "followed_id"), ("following_count", "follower_id")] {
            all.push(format!(
                "UPDATE users SET {count} = c.n FROM (SELECT {by} AS id, count(*) AS n FROM follows GROUP BY {by}) AS c \
                 WHERE c.id = users.id"
            ));
        }
        // What the server does by itself a while after so many writes; SQLite has no such thing.
        let end = if is_postgres {
            "VACUUM ANALYZE users; VACUUM ANALYZE posts; VACUUM ANALYZE likes; VACUUM ANALYZE follows; VACUUM ANALYZE author_stats"
        } else {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        };
        all.extend(end.split("; ").map(str::to_owned));
        all
    }
}

/// One connection: tables that are made for the filling are its own.
async fn connect(url: &str) -> Result<DatabaseConnection, Failure> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Ok(Database::connect(options).await?)
}

/// The indexes that are made anew, as the migrations make them.
const INDEXES: [&str; 8] = [
    "posts_of_author posts (author_id, id)",
    "posts_most_liked posts (like_count, id)",
    "posts_most_liked_of_author posts (author_id, like_count, id)",
    "likes_of_post likes (post_id, created_at, user_id)",
    "likes_by_user likes (user_id, created_at, post_id)",
    "likes_received likes (created_at, author_id, post_id)",
    "follows_followers follows (followed_id, created_at, follower_id)",
    "follows_following follows (follower_id, created_at, followed_id)",
];

/// A version 7 UUID: a moment, and digits that depend on the number.
fn id(first: u64, number: u64) -> u128 {
    let moment = u128::from(first + number * A_MINUTE);
    moment << 80 | 0x7 << 76 | u128::from(number % 4096) << 64 | 0x8 << 60 | u128::from(number)
}

/// Words are four syllables of two letters each, far enough from each other that a search that forgives a typing error
/// does not take one for another.
const ALPHABET: &str =
    "babebibobudadedidodufafefifofugagegigogukakekikokulalelilolumamemimomunaneninonupapepipoputatetitotu";
const SYLLABLES: u32 = 4;
const WORDS: u64 = 50 * 50 * 50 * 50;
/// Spreads consecutive numbers over all words; it shares no factor with their number.
const SPREAD: u64 = 2_654_441;
/// The number of the word that stands for common ones: in ten sentences, as every other of them.
const COMMON: u64 = 500;

/// The same in either dialect.
struct Words {
    is_postgres: bool,
}

impl Words {
    fn id_type(&self) -> &'static str {
        if self.is_postgres { "uuid" } else { "blob" }
    }

    fn number_type(&self) -> &'static str {
        if self.is_postgres { "bigint" } else { "integer" }
    }

    /// Joins the numbers below `to`, and on SQLite some more.
    fn each(&self, to: &str) -> String {
        if self.is_postgres {
            format!("CROSS JOIN LATERAL generate_series(0, {to} - 1) AS e(n)")
        } else {
            "CROSS JOIN e".to_owned()
        }
    }

    fn numbers(&self, to: u64) -> String {
        if self.is_postgres {
            format!("SELECT n::bigint AS n FROM generate_series(0, {to} - 1) AS g(n)")
        } else {
            format!(
                "WITH RECURSIVE g(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM g WHERE n < {to} - 1) SELECT n FROM g"
            )
        }
    }

    fn id(&self, first: u64) -> String {
        self.id_of("n", first)
    }

    /// [`id`] of a number.
    fn id_of(&self, n: &str, first: u64) -> String {
        let moment = format!("{first} + {n} * {A_MINUTE}");
        if self.is_postgres {
            format!(
                "(lpad(to_hex({moment}), 12, '0') || '7' || lpad(to_hex({n} % 4096), 3, '0') || '8' || lpad(to_hex({n}), 15, '0'))::uuid"
            )
        } else {
            format!("unhex(printf('%012x7%03x8%015x', {moment}, {n} % 4096, {n}))")
        }
    }

    /// [`Society::word`] of a number.
    fn word(&self, number: &str) -> String {
        let spread = format!("((({number}) + 1) * {SPREAD} % {WORDS})");
        let syllable = |place: u32| {
            format!("substr('{ALPHABET}', CAST({spread} / {} % 50 AS integer) * 2 + 1, 2)", 50_u64.pow(place))
        };
        format!("({})", (0..SYLLABLES).map(syllable).collect::<Vec<_>>().join(" || "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_of_version_7() {
        let text = format!("{:032x}", Society::post(4_097));
        assert_eq!(text, format!("{:012x}7001800000000000{:04x}", FIRST_POST + 4_097 * A_MINUTE, 4_097));
    }

    #[test]
    fn words_differ() {
        let words: std::collections::BTreeSet<String> = (0..25_000).map(Society::word).collect();
        assert_eq!(words.len(), 25_000);
        assert!(words.iter().all(|word| word.len() == 8));
    }

    #[test]
    fn a_million_posts_have_ten_million_likes() {
        let society = Society { posts: 1_000_000 };
        assert_eq!((society.users(), society.likes()), (100_000, 10_000_000));
    }
}
