//! Who a subject of an outside issuer is.

use super::super::db::Db;
use super::super::queries;
use super::super::rows::Columns;
use crate::domain::UserId;
use crate::ports::StoreResult;

pub(super) async fn link(db: &Db, issuer: &str, subject: &str, user: UserId) -> StoreResult<bool> {
    db.run(queries::link_subject(db.dialect(), issuer, subject, user)).await?;
    Ok(find(db, issuer, subject).await? == Some(user))
}

pub(super) async fn find(db: &Db, issuer: &str, subject: &str) -> StoreResult<Option<UserId>> {
    Ok(db.rows(queries::user_of_subject(db.dialect(), issuer, subject), Columns::id).await?.pop())
}
