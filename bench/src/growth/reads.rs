//! What PostgreSQL says it read.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement};

use crate::Failure;

/// Entries of indexes and rows of tables that were read of what the queries are about. What a query does is told when
/// its connection ends.
const READ: &str = "SELECT CAST( \
    (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE schemaname = $1 AND relname IN ({tables})) + \
    (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE schemaname = $1 AND relname IN ({tables})) \
    AS float8) AS read";
const TABLES: &str = "'users', 'follows', 'posts', 'likes', 'author_stats'";

/// Whether a gateway is connected.
const CONNECTED: &str = "SELECT count(*) AS n FROM pg_stat_activity \
    WHERE application_name = 'polygraph' AND datname = current_database()";

/// The counters of one schema.
pub(super) struct Reads {
    database: DatabaseConnection,
    schema: String,
}

impl Reads {
    pub(super) async fn of(url: &str, schema: &str) -> Result<Self, Failure> {
        Ok(Self { database: Database::connect(url).await?, schema: schema.to_owned() })
    }

    /// How much was read so far, once nobody is connected who may have more to tell.
    pub(super) async fn total(&self) -> Result<f64, Failure> {
        for _ in 0..50 {
            let row = self.database.query_one_raw(Statement::from_string(DbBackend::Postgres, CONNECTED)).await?;
            if row.ok_or("nothing is counted")?.try_get::<i64>("", "n")? == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (read, schema) = (READ.replace("{tables}", TABLES), self.schema.clone().into());
        let statement = Statement::from_sql_and_values(DbBackend::Postgres, read, [schema]);
        let row = self.database.query_one_raw(statement).await?;
        Ok(row.ok_or("nothing is counted")?.try_get::<f64>("", "read")?)
    }
}
