//! `verify`, `verify --repair` and `reindex`, on embedded and on real stores, alone and beside those who write.
//!
//! Differences are planted behind the stores' backs, by the drivers themselves.

mod beside;
mod gateway;
mod planted;
mod planting;
mod reindexing;
mod world;

/// Makes a test of each case for each set of stores.
macro_rules! on_all_stores {
    ($($case:ident),+ $(,)?) => {
        on_all_stores! { @ embedded Embedded $($case)+ }
        on_all_stores! { @ postgresql Postgresql $($case)+ }
        on_all_stores! { @ elasticsearch Elasticsearch $($case)+ }
        on_all_stores! { @ opensearch OpenSearch $($case)+ }
    };
    (@ $module:ident $which:ident $($case:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    super::$case(crate::world::Which::$which).await;
                }
            )+
        }
    };
}
pub(crate) use on_all_stores;
