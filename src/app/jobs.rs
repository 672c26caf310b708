//! Commands that do one thing and end: `migrate`, `seed`, `verify` and `reindex`; and the demo data of a first start.

use std::path::Path;
use std::sync::Arc;

use super::progress::TerminalProgress;
use super::{AppError, OpenStores, verify_stores};
use crate::cli::{CacheCommand, LinkArgs, OutboxCommand, SeedArgs, VerifyArgs};
use crate::config::{CacheChoice, Config, PostsChoice, SearchChoice};
use crate::domain::text::Handle;
use crate::ports::{Clock, Role};
use crate::services::seed::{self, SeedPlan, SeedReport};

/// Brings every store to the current version, and says what was done to each.
pub(super) async fn migrate(config: &Config, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stores = OpenStores::open(config, clock)?;
    let mut failed = Vec::new();
    for role in migrated_roles(config) {
        let kind = stores.backend(role).kind();
        match stores.migrate(role).await {
            Ok(applied) if applied.is_empty() => println!("{role} ({kind}): current"),
            Ok(applied) => println!("{role} ({kind}): applied {}", applied.join(", ")),
            Err(error) => {
                eprintln!("{}", AppError::new(format!("{role} ({kind}): not migrated."), error));
                failed.push(role.name());
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let sentence = "Make sure that it runs and can be reached (`polygraph doctor` shows each), then migrate again.";
    Err(AppError::because(format!("Not migrated: {}. {sentence}", failed.join(", "))))
}

/// The parts whose stores have a shape of their own to bring up to date.
fn migrated_roles(config: &Config) -> impl Iterator<Item = Role> {
    let mongo = matches!(config.stores.posts, PostsChoice::Mongo(_));
    let elastic = matches!(config.stores.search, SearchChoice::Elastic(_));
    let roles = [(Role::Users, true), (Role::Posts, mongo), (Role::Search, elastic)];
    roles.into_iter().filter_map(|(role, has_shape)| has_shape.then_some(role))
}

/// Fills the stores with demo data, and says what was done.
pub(super) async fn seed(config: &Config, args: SeedArgs, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stores = OpenStores::open(config, Arc::clone(&clock))?;
    if config.data.migrate_on_start {
        for role in migrated_roles(config) {
            stores.migrate(role).await.map_err(|error| {
                AppError::new(format!("The store of {role} can't be migrated before seeding."), error)
            })?;
        }
    }
    println!("{}", sow(&stores, plan_of(&args), &clock).await?);
    Ok(())
}

fn plan_of(args: &SeedArgs) -> SeedPlan {
    SeedPlan {
        users: args.users,
        posts: args.posts,
        likes: args.likes.into(),
        follows: args.follows.into(),
        seed: args.seed,
    }
}

/// Compares the truth with what is derived from it, and mends differences if that is wanted.
pub(super) async fn verify(config: &Config, args: VerifyArgs, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stores = OpenStores::open_existing(config, Arc::clone(&clock))?;
    verify_stores(&stores, args.repair, &clock, &TerminalProgress::new(Arc::clone(&clock))).await
}

/// Says which user a subject of the outside issuer is.
pub(super) async fn link(config: &Config, args: LinkArgs, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let Some(outside) = &config.tokens.outside else {
        return Err(AppError::because("There is no outside issuer. Set jwt_issuer, jwt_audience and jwt_keys first."));
    };
    let LinkArgs { user, subject } = args;
    let nobody = || AppError::because(format!("There is no user `{user}`."));
    let handle = Handle::parse(&user).ok_or_else(nobody)?;
    let stores = OpenStores::open_beside(config, clock)?;
    let failed = |error| AppError::new("The store of users failed. `polygraph doctor` says more.", error);
    let found = stores.users.users_by_handle(std::slice::from_ref(&handle)).await.map_err(failed)?;
    let id = found.get(&handle).ok_or_else(nobody)?.id;
    if !stores.accounts.link_subject(&outside.issuer, &subject, id).await.map_err(failed)? {
        return Err(AppError::because(format!("`{subject}` is linked to another user already.")));
    }
    println!("{subject} is {handle}.");
    Ok(())
}

/// Shows how the result cache is doing, or empties it.
pub(super) async fn cache(config: &Config, command: CacheCommand, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    if config.stores.cache == CacheChoice::Memory {
        let sentence =
            "Results are kept in each gateway's own memory, where no other process sees them: set REDIS_URL.";
        return Err(AppError::because(sentence));
    }
    let stores = OpenStores::open(config, clock)?;
    print!("{}", super::cache::cache(&*stores.cache, command).await?);
    Ok(())
}

/// Lists events that were given up on, or decides what becomes of them.
pub(super) async fn outbox(config: &Config, command: OutboxCommand, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stores = OpenStores::open_beside(config, Arc::clone(&clock))?;
    print!("{}", super::outbox::outbox(&stores.outboxes, command, clock.now()).await?);
    Ok(())
}

/// Builds the index anew.
pub(super) async fn reindex(config: &Config, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stores = OpenStores::open_existing(config, Arc::clone(&clock))?;
    let progress = TerminalProgress::new(clock);
    super::reindex(&stores, &progress, super::serve::told_to_stop()?).await
}

async fn sow(stores: &OpenStores, plan: SeedPlan, clock: &Arc<dyn Clock>) -> Result<SeedReport, AppError> {
    let progress = TerminalProgress::new(Arc::clone(clock));
    let OpenStores { users, posts, search, .. } = stores;
    let stopped = "Seeding stopped. What is there stays; run the same command again to go on from it.";
    let sown = seed::run(plan, &**users, &**posts, &**search, &**clock, &progress).await;
    let report = sown.map_err(|error| AppError::new(stopped, error))?;
    stores.index_was_filled().await.map_err(|error| AppError::new(stopped, error))?;
    stores.forget_results().await.map_err(|error| AppError::new(stopped, error))?;
    Ok(report)
}

/// Sows the demo data of a first start. A file beside the data remembers that it was begun, and that it was done: a
/// first start that was interrupted is completed by the next, and data that was deleted since stays deleted.
pub(super) async fn sow_at_first_start(
    stores: &OpenStores,
    data_dir: &Path,
    clock: &Arc<dyn Clock>,
) -> Result<bool, AppError> {
    let marker = data_dir.join("demo-data");
    let begun = std::fs::read_to_string(&marker).unwrap_or_default();
    if begun.trim() == "done" {
        return Ok(false);
    }
    let unreadable = |error| AppError::new("The store of users can't be read.", error);
    if begun.is_empty() && stores.users.count_users().await.map_err(unreadable)? > 0 {
        return Ok(false);
    }
    let write = |state: &str| {
        std::fs::write(&marker, format!("{state}\n"))
            .map_err(|error| AppError::new(format!("{} can't be written.", marker.display()), error))
    };
    write("begun")?;
    sow(stores, SeedPlan::default(), clock).await?;
    write("done")?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn seed_without_options_makes_what_a_first_start_makes() {
        let cli = Cli::try_parse_from(["polygraph", "seed"]).expect("a valid command line");
        let Command::Seed(args) = cli.requested() else { panic!("`seed` is a command") };
        assert_eq!(plan_of(&args), SeedPlan::default());
    }
}
