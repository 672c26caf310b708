//! What the truth says about the cache.

use sea_orm::{DbBackend, Statement};
use uuid::Uuid;

use super::draft::Draft;

/// The generation, and the life that is active.
pub(in super::super) fn register(dialect: DbBackend) -> Statement {
    Draft::new(dialect).done("SELECT generation, life FROM cache_register WHERE id = 1".to_owned())
}

/// Says something else in the generation after this one, if that is the next.
pub(in super::super) fn set_register(dialect: DbBackend, generation: u64, active: Option<Uuid>) -> Statement {
    let mut draft = Draft::new(dialect);
    let life = draft.bind(active);
    if generation == 0 {
        return draft.done(format!(
            "INSERT INTO cache_register (id, generation, life) VALUES (1, 1, {life}) ON CONFLICT (id) DO NOTHING"
        ));
    }
    let generation = draft.bind(i64::try_from(generation).unwrap_or(i64::MAX));
    draft.done(format!(
        "UPDATE cache_register SET generation = generation + 1, life = {life} \
         WHERE id = 1 AND generation = {generation}"
    ))
}
