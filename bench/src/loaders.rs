//! Polygraph with the schedulers of other loaders: the same gateway, over the same batch functions, so that what its
//! figures differ in is when batches are sent and what that costs.
//!
//! Each loader is used as its documentation says, with the settings that it comes with, made anew for each request, and
//! with a cache, since a lane keeps what came for the length of the request as well.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use clap::{Parser, ValueEnum};
use dataloader::BatchFn;
use dataloader::cached;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use polygraph::app::{OpenStores, SystemClock, gateway};
use polygraph::config::Config;
use polygraph::graphql::Loading;
use polygraph::http::{Gateway, router};
use polygraph::loaders::{Loaders, OtherLoader, Scheduled, Scheduler};
use polygraph::ports::Clock;
use tokio::net::TcpListener;

use crate::Failure;

/// Which loader's scheduler Polygraph has.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    #[arg(value_enum)]
    scheduler: Other,
}

/// A loader with a scheduler of its own.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Other {
    /// `async_graphql::dataloader`: a millisecond after the first key, in a spawned task.
    AsyncGraphql,
    /// `dataloader::cached`: whoever has yielded ten times first takes all keys along.
    Dataloader,
}

/// Serves until it is killed. The stores are those that the environment names.
pub(crate) async fn serve(args: Args) -> Result<(), Failure> {
    let env: Vec<_> = std::env::vars_os().filter(|(name, _)| name != "HOST" && name != "PORT").collect();
    let config = Config::from_sources(None, &env, &[])?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let stores = OpenStores::open(&config, Arc::clone(&clock))?;
    let loading: Loading = match args.scheduler {
        Other::AsyncGraphql => |stores, viewer| Loaders::scheduled(&mut AfterDelay, stores, viewer),
        Other::Dataloader => |stores, viewer| Loaders::scheduled(&mut AfterYields, stores, viewer),
    };
    let gateway = Gateway { loading, ..gateway(&config, &stores, &clock) };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router(gateway).into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

type BatchFunction<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, HashMap<K, V>> + Send + Sync;

/// A batch function, as both loaders take it.
struct Batches<K, V>(Box<BatchFunction<K, V>>);

impl<K, V> Loader<K> for Batches<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    type Value = V;
    type Error = Infallible;

    fn load(&self, keys: &[K]) -> impl Future<Output = Result<HashMap<K, V>, Infallible>> + Send {
        (self.0)(keys.to_vec()).map(Ok)
    }
}

impl<K: Clone, V> BatchFn<K, V> for Batches<K, V> {
    fn load(&mut self, keys: &[K]) -> impl Future<Output = HashMap<K, V>> {
        (self.0)(keys.to_vec())
    }
}

/// Opens async-graphql's loaders.
struct AfterDelay;

impl Scheduler for AfterDelay {
    fn open<K, V>(
        &mut self,
        _: &'static str,
        function: impl Fn(Vec<K>) -> BoxFuture<'static, HashMap<K, V>> + Send + Sync + 'static,
    ) -> Scheduled<K, V>
    where
        K: Hash + Eq + Clone + Debug + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        let cache = HashMapCache::default();
        let loader = DataLoader::with_cache(Batches(Box::new(function)), tokio::spawn, cache);
        Scheduled::Other(std::sync::Arc::new(Delayed(loader)))
    }
}

struct Delayed<K: Send + Sync + 'static, V: Send + Sync + 'static>(DataLoader<Batches<K, V>, HashMapCache>);

impl<K, V> OtherLoader<K, V> for Delayed<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn load(&self, key: K) -> BoxFuture<'_, Option<V>> {
        self.0.load_one(key).map(|Ok(value)| value).boxed()
    }

    fn prime(&self, key: K, value: V) {
        // It waits for nothing.
        let _ = self.0.feed_one(key, value).now_or_never();
    }
}

/// Opens the loaders of the crate `dataloader`.
struct AfterYields;

impl Scheduler for AfterYields {
    fn open<K, V>(
        &mut self,
        _: &'static str,
        function: impl Fn(Vec<K>) -> BoxFuture<'static, HashMap<K, V>> + Send + Sync + 'static,
    ) -> Scheduled<K, V>
    where
        K: Hash + Eq + Clone + Debug + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
    {
        Scheduled::Other(std::sync::Arc::new(Yielding(cached::Loader::new(Batches(Box::new(function))))))
    }
}

struct Yielding<K: Hash + Eq + Clone, V: Clone>(cached::Loader<K, V, Batches<K, V>>);

impl<K, V> OtherLoader<K, V> for Yielding<K, V>
where
    K: Hash + Eq + Clone + Debug + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn load(&self, key: K) -> BoxFuture<'_, Option<V>> {
        // A key without a value is an error to it, and the only one.
        self.0.try_load(key).map(Result::ok).boxed()
    }

    fn prime(&self, key: K, value: V) {
        // It waits for the batch under way, if there is one. A value that is not put is asked for.
        let _ = self.0.prime(key, value).now_or_never();
    }
}
