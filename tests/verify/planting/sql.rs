//! PostgreSQL and SQLite by statements.

use polygraph::domain::{LikeId, PostId, UserId};
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection};
use uuid::Uuid;

use crate::world::{Which, World};

pub(crate) struct RawSql {
    connection: DatabaseConnection,
    /// What stands before the names of tables.
    schema: String,
    is_sqlite: bool,
}

impl RawSql {
    pub(crate) async fn of(world: &World) -> Self {
        let is_sqlite = world.which == Which::Embedded;
        let (url, schema) = if is_sqlite {
            (format!("sqlite://{}", world.directory.path().join("polygraph.sqlite3").display()), String::new())
        } else {
            (world.setting("DATABASE_URL").to_owned(), format!("\"{}\".", world.namespace))
        };
        Self { connection: Database::connect(url).await.expect("a connection"), schema, is_sqlite }
    }

    fn id(&self, id: Uuid) -> String {
        if self.is_sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") }
    }

    async fn run(&self, statement: &str) {
        let done = self.connection.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(done.rows_affected(), 1, "{statement}");
    }

    async fn add(&self, table: &str, column: &str, key: &str, id: Uuid) {
        let (schema, id) = (&self.schema, self.id(id));
        self.run(&format!("UPDATE {schema}{table} SET {column} = {column} + 1 WHERE {key} = {id}")).await;
    }

    /// One too many in a count of a user: `followers_count` or `following_count`.
    pub(crate) async fn miscount_user(&self, user: UserId, column: &str) {
        self.add("users", column, "id", user.0).await;
    }

    /// One too many in a count of an author: `posts_count` or `likes_count`.
    pub(crate) async fn miscount_author(&self, author: UserId, column: &str) {
        self.add("author_stats", column, "author_id", author.0).await;
    }

    /// One like too many.
    pub(crate) async fn miscount_post(&self, post: PostId) {
        self.add("posts", "like_count", "id", post.0).await;
    }

    /// A like by whoever `id` names, of a post that is there, counted for that.
    pub(crate) async fn insert_like(&self, id: LikeId, author: UserId) {
        let (schema, post, user, author) = (&self.schema, self.id(id.post.0), self.id(id.user.0), self.id(author.0));
        self.run(&format!(
            "INSERT INTO {schema}likes (post_id, user_id, author_id, created_at) VALUES ({post}, {user}, {author}, 0)"
        ))
        .await;
        self.miscount_post(id.post).await;
    }
}
