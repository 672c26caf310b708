//! [`CacheRegister`] in SQL: one row.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::connect::Sql;
use super::db::Db;
use super::queries;
use crate::ports::{Backend, CacheRegister, Life, Registered, Role, StoreResult};

/// The register of a PostgreSQL or SQLite database: one for all that is stored there.
pub struct SqlRegister {
    db: Db,
}

impl SqlRegister {
    /// The adapter over this pool. `role` is the part whose failure it is when the database fails.
    pub fn new(sql: Arc<Sql>, role: Role) -> Self {
        Self { db: Db::new(sql, role) }
    }
}

#[async_trait]
impl Backend for SqlRegister {
    fn kind(&self) -> &'static str {
        self.db.kind()
    }

    async fn check(&self) -> StoreResult<String> {
        self.db.check().await
    }
}

#[async_trait]
impl CacheRegister for SqlRegister {
    async fn registered(&self) -> StoreResult<Registered> {
        let rows = self.db.rows(queries::register(self.db.dialect()), |row| {
            let (generation, active) = (row.count()?, row.id_if_any()?);
            Ok(Registered { generation, active: active.map(|life: Uuid| Life(life.as_u128())) })
        });
        Ok(rows.await?.pop().unwrap_or_default())
    }

    async fn register(&self, generation: u64, active: Option<Life>) -> StoreResult<bool> {
        let active = active.map(|life| Uuid::from_u128(life.0));
        Ok(self.db.run(queries::set_register(self.db.dialect(), generation, active)).await? > 0)
    }
}
