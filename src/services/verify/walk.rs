//! Both sides of the index as lists in the order of keys, read a page at a time.

use std::collections::VecDeque;

use crate::domain::search::{DocumentKind, IndexChange, IndexDocument, IndexKey, Indexed};
use crate::domain::{Post, User};
use crate::ports::{Role, StoreError, StoreResult, Stores};

/// How many things are read at once.
pub(super) const PAGE: u32 = 500;

/// The documents that there should be, of one kind.
pub(super) struct TruthWalk<'a> {
    stores: &'a Stores,
    kind: DocumentKind,
    page: VecDeque<IndexChange>,
    after: Option<IndexKey>,
    is_over: bool,
}

impl<'a> TruthWalk<'a> {
    pub(super) fn new(stores: &'a Stores, kind: DocumentKind) -> Self {
        Self { stores, kind, page: VecDeque::new(), after: None, is_over: false }
    }

    /// The key that comes next.
    pub(super) async fn peek(&mut self) -> StoreResult<Option<IndexKey>> {
        if self.page.is_empty() && !self.is_over {
            self.page = self.read().await?.into();
            self.is_over = self.page.is_empty();
            self.after = self.page.back().map(|last| last.key).or(self.after);
        }
        Ok(self.page.front().map(|next| next.key))
    }

    pub(super) fn take(&mut self) -> Option<IndexChange> {
        self.page.pop_front()
    }

    async fn read(&self) -> StoreResult<Vec<IndexChange>> {
        let Stores { users, posts, .. } = self.stores;
        match (self.kind, self.after) {
            (DocumentKind::User, after) => {
                let after = after.and_then(|key| if let IndexKey::User(id) = key { Some(id) } else { None });
                Ok(users.scan_users(after, PAGE).await?.iter().map(put_user).collect())
            }
            (DocumentKind::Post, after) => {
                let after = after.and_then(|key| if let IndexKey::Post(id) = key { Some(id) } else { None });
                posts.scan_posts(after, PAGE).await?.iter().map(put_post).collect()
            }
            (DocumentKind::Like, after) => {
                let after = after.and_then(|key| if let IndexKey::Like(id) = key { Some(id) } else { None });
                let likes = posts.scan_likes(after, PAGE).await?.into_iter();
                Ok(likes.map(|(like, version)| IndexChange::put(IndexDocument::of_like(&like), version)).collect())
            }
        }
    }
}

/// The documents that there are, of one kind.
pub(super) struct IndexWalk<'a> {
    stores: &'a Stores,
    kind: DocumentKind,
    page: VecDeque<Indexed>,
    after: Option<IndexKey>,
    is_over: bool,
}

impl<'a> IndexWalk<'a> {
    pub(super) fn new(stores: &'a Stores, kind: DocumentKind) -> Self {
        Self { stores, kind, page: VecDeque::new(), after: None, is_over: false }
    }

    /// The key that comes next.
    pub(super) async fn peek(&mut self) -> StoreResult<Option<IndexKey>> {
        if self.page.is_empty() && !self.is_over {
            self.page = self.stores.search.scan_documents(self.kind, self.after, PAGE).await?.into();
            self.is_over = self.page.is_empty();
            self.after = self.page.back().map(|last| last.key).or(self.after);
        }
        Ok(self.page.front().map(|next| next.key))
    }

    pub(super) fn take(&mut self) -> Option<Indexed> {
        self.page.pop_front()
    }
}

pub(super) fn put_user(user: &User) -> IndexChange {
    IndexChange::put(IndexDocument::of_user(user), user.version)
}

pub(super) fn put_post(post: &Post) -> StoreResult<IndexChange> {
    let document = IndexDocument::of_post(post)
        .ok_or_else(|| StoreError::internal(Role::Posts, "a post was read without its content"))?;
    Ok(IndexChange::put(document, post.version))
}
