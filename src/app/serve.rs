//! `serve`: opens the stores, listens, watches, and drains on request.

use std::future::Future;
use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;

use futures::future::OptionFuture;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::monitor::{IndexState, Monitor};
use super::system::{monotonic, traced};
use super::writing::{Writing, rate_limits, relay, sweeper};
use super::{AppError, OpenStores, SystemEntropy, documents, https, jobs};
use crate::cache::{Guarded, Keeper, Results};
use crate::config::{CacheChoice, Config, TlsFiles};
use crate::graphql::{Limits, PolygraphSchema, SchemaOptions};
use crate::http::{
    self, Admission, AdmissionLimits, BodyLimits, Doors, Gateway, Health, LiveDoors, LiveLimits, Phase, router,
};
use crate::live::{Live, Telling, Vigil};
use crate::loaders::Loaders;
use crate::ports::{Clock, Role};
use crate::services::seed::{DEMO_HANDLE, DEMO_PASSWORD};

/// A gateway on these stores, as configured.
pub fn gateway(config: &Config, stores: &OpenStores, clock: &Arc<dyn Clock>) -> Gateway {
    let writing = Writing::new(config, stores, clock);
    let results = config.cache.result_cache_ttl.filter(|_| stores.results_are_kept).map(|ttl| {
        let cache = Guarded::new(Arc::clone(&stores.cache), Arc::clone(&stores.trust));
        Results::new(Arc::new(cache), ttl, config.cache.result_cache_timeout, &crate::graphql::sdl())
    });
    let schema = crate::graphql::schema(schema_options(config));
    let live = live(config, stores, &writing, &schema, clock);
    Gateway {
        schema,
        stores: stores.layered(),
        results,
        request_timeout: config.server.request_timeout,
        rate_limits: rate_limits(config, stores, clock),
        admission: Admission::new(
            AdmissionLimits {
                at_once: config.traffic.max_concurrent_requests.unwrap_or_else(as_many_as_suit_the_cores),
                waiting: config.traffic.max_queued_requests,
                patience: config.traffic.queue_timeout,
            },
            monotonic,
        ),
        trusted_proxies: config.traffic.trusted_proxies.clone(),
        now: monotonic,
        shared_max_age: config.cache.shared_max_age.map(|age| age.as_secs()).filter(|seconds| *seconds > 0),
        documents: documents::untrusting(config, stores),
        identity: writing.identity,
        use_cases: writing.use_cases,
        health: Arc::new(Health::starting(kinds_of(stores))),
        tells_metrics: !config.server.production,
        entropy: Arc::new(SystemEntropy),
        explain: config.server.explain.clone(),
        traced,
        loading: Loaders::new,
        doors: doors(config),
        live,
    }
}

/// Those who are told what happens.
fn live(
    config: &Config,
    stores: &OpenStores,
    writing: &Writing,
    schema: &PolygraphSchema,
    clock: &Arc<dyn Clock>,
) -> Arc<LiveDoors> {
    let telling = Telling {
        schema: schema.clone(),
        stores: stores.layered(),
        use_cases: writing.use_cases.clone(),
        patience: config.server.request_timeout,
        now: monotonic,
    };
    let limits = &config.live;
    let limits = LiveLimits {
        sockets: limits.max_websockets,
        init_timeout: limits.connection_init_timeout,
        socket_operations: limits.max_socket_operations,
        client_subscriptions: limits.max_client_subscriptions,
        message_size: limits.max_message_size,
    };
    let live = Arc::new(Live::new(Arc::clone(&stores.events), telling));
    let vigil = Arc::new(Vigil::new(Arc::clone(&writing.identity), Arc::clone(clock)));
    Arc::new(LiveDoors::new(live, vigil, limits))
}

/// The parts that `/readyz` lists, and the engines that play them.
fn kinds_of(stores: &OpenStores) -> Vec<(Role, &'static str)> {
    stores.watched().into_iter().map(|role| (role, stores.backend(role).kind())).collect()
}

/// What the schema lets its clients do, as configured.
pub fn schema_options(config: &Config) -> SchemaOptions {
    let limits = &config.limits;
    SchemaOptions {
        limits: Limits {
            tokens: limits.max_query_tokens,
            aliases: limits.max_query_aliases,
            directives: limits.max_query_directives,
            depth: limits.max_query_depth,
            root_fields: limits.max_query_root_fields,
            fields: limits.max_query_fields,
            cost: limits.max_query_cost,
            variable_depth: limits.max_variable_depth,
        },
        introspection: config.security.introspection,
        suggestions: config.security.suggestions,
        federation: config.security.federation,
    }
}

/// Who is let in to what.
fn doors(config: &Config) -> Doors {
    Doors {
        body: BodyLimits { size: config.limits.max_body_size, time: config.limits.body_timeout },
        graphiql: config.security.graphiql,
        schema: config.security.introspection,
        max_batch: config.limits.max_batch_operations,
        cors_origins: config.security.cors_origins.clone(),
        hsts: config.security.hsts_max_age.and_then(Doors::hsts_for),
    }
}

/// How many operations are executed at once where nobody says: more than a core can do at once, since most of the time
/// they wait for stores.
fn as_many_as_suit_the_cores() -> usize {
    const FOR_EACH_CORE: usize = 16;
    FOR_EACH_CORE * std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// What looks after the cache's life, where this gateway keeps results in a cache that others share.
pub fn keeper(config: &Config, stores: &OpenStores) -> Option<Keeper> {
    let keeps = config.cache.result_cache_ttl.is_some() && matches!(config.stores.cache, CacheChoice::Redis(_));
    keeps.then(|| Keeper::new(Arc::clone(&stores.cache), Arc::clone(&stores.trust), Arc::new(SystemEntropy)))
}

/// Serves until the process is told to stop (SIGTERM or SIGINT), then finishes what is under way.
///
/// # Errors
/// When an embedded store can't be opened, the address can't be listened on, or the certificate can't be used.
pub async fn serve(config: Config, clock: Arc<dyn Clock>) -> Result<(), AppError> {
    let stop = told_to_stop()?;
    let tls = https::open(&config).await?;
    let renewing = https::renewing(tls.clone())?;
    let stores = Arc::new(OpenStores::open(&config, Arc::clone(&clock))?);
    let mut gateway = gateway(&config, &stores, &clock);
    gateway.documents = documents::documents(&config, &stores, &gateway.schema).await?;
    let relay = relay(&config, &stores, gateway.use_cases.publishing.clone(), &clock);
    let health = Arc::clone(&gateway.health);
    let live = Arc::clone(&gateway.live);
    let listen = config.server.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        AppError::new(format!("{listen} can't be listened on. Choose another address with --listen."), error)
    })?;
    let address = listener.local_addr().map_err(|error| AppError::new("The listener has no address.", error))?;

    let (drain, drained) = tokio::sync::oneshot::channel::<()>();
    let limits = http::ConnectionLimits {
        header_timeout: config.limits.header_timeout,
        at_once: config.traffic.max_connections,
    };
    let server = http::serve(listener, router(gateway), limits, tls, async {
        let _ = drained.await;
    });
    let server = tokio::spawn(server);

    let working = CancellationToken::new();
    let relayed = tokio::spawn(relay.run(working.clone()));
    let told = tokio::spawn(live.run(working.clone()));
    let swept = tokio::spawn(sweeper(&config, &stores, &clock).run(working.clone()));
    let kept = keeper(&config, &stores).map(|keeper| tokio::spawn(keeper.run(working.clone())));

    let monitor = Monitor {
        stores: Arc::clone(&stores),
        health: Arc::clone(&health),
        clock: Arc::clone(&clock),
        migrates: config.data.migrate_on_start,
        index: IndexState::default(),
    };
    let serving = async {
        start(&config, &stores, &monitor, &clock).await?;
        health.enter(Phase::Serving);
        announce(address, &config);
        monitor.watch().await;
        Ok::<_, AppError>(())
    };
    tokio::select! {
        started = serving => started?,
        () = stop => {}
        () = renewing => {}
    }
    health.enter(Phase::Draining);
    working.cancel();
    let _ = drain.send(());
    finish(
        futures::future::join5(server, relayed, told, swept, OptionFuture::from(kept)),
        config.server.shutdown_grace,
    )
    .await;
    Ok(())
}

/// Comes when the process is told to stop, by SIGTERM or SIGINT. From now on neither ends it by itself.
pub(super) fn told_to_stop() -> Result<impl Future<Output = ()>, AppError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("told to stop (SIGTERM)"),
            _ = interrupt.recv() => tracing::info!("told to stop (SIGINT)"),
        }
    })
}

/// What comes before the first request: a look at the stores, demo data on embedded ones, a full index.
async fn start(
    config: &Config,
    stores: &OpenStores,
    monitor: &Monitor,
    clock: &Arc<dyn Clock>,
) -> Result<(), AppError> {
    monitor.look().await;
    if config.truth_is_embedded()
        && config.data.demo_data
        && let Err(error) = jobs::sow_at_first_start(stores, &config.data.data_dir, clock).await
    {
        tracing::warn!("{error}");
    }
    monitor.fill_empty_index().await;
    Ok(())
}

/// Waits for the requests under way, at most for `grace`.
async fn finish(server: impl Future, grace: std::time::Duration) {
    if tokio::time::timeout(grace, server).await.is_err() {
        tracing::warn!(?grace, "some requests were not finished in time, and are dropped");
    }
}

/// Says where the gateway is, and on a terminal's first steps what to try.
fn announce(address: SocketAddr, config: &Config) {
    let (base, trusting) = match &config.server.tls {
        None => (format!("http://{address}"), String::new()),
        Some(files) => (format!("https://{address}"), trusting(files)),
    };
    let mut text = format!("Listening on {base}\n");
    if config.truth_is_embedded() && config.data.demo_data {
        if config.security.graphiql {
            text.push_str(&format!("\n  GraphiQL        {base}/"));
        }
        text.push_str(&format!("\n  demo login      {DEMO_HANDLE} / {DEMO_PASSWORD}\n\n  Try:\n"));
        let queries = [
            "{ posts(first: 5) { nodes { title author { handle } likeCount } } }",
            "{ search(query: \\\"database\\\", first: 3) { totalCount nodes { title highlights { field html } } } }",
            "{ leaderboard(first: 3) { rank likeCount user { name followersCount } } }",
        ];
        for query in queries {
            text.push_str(&format!(
                "    curl {trusting}{base}/graphql -H 'content-type: application/json' \\\n      -d '{{\"query\":\"{query}\"}}'\n"
            ));
        }
    }
    // Whoever started it may have closed standard output; the gateway serves all the same.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
}

/// What lets `curl` trust the certificate, whoever signed it.
fn trusting(files: &TlsFiles) -> String {
    format!("--cacert '{}' ", files.certificate.display().to_string().replace('\'', r"'\''"))
}

pub(super) fn no_signals(error: std::io::Error) -> AppError {
    AppError::new("Signals can't be received, so the gateway could not be stopped in order.", error)
}
