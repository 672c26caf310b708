//! The contract of [`CacheRegister`]: what was said last, by compare-and-set.

use std::sync::Arc;

use polygraph::ports::{CacheRegister, Life, Registered, Role};
use polygraph::stores::sql::SqlRegister;

use crate::posts::{mongo_options, mongo_server, mongo_url};
use crate::sql;

/// Makes a test of each named function, on the register that `$open` opens.
macro_rules! contract {
    ($backend:ident, $open:expr) => {
        mod $backend {
            #[tokio::test]
            async fn what_was_said_last_is_said() {
                super::what_was_said_last_is_said(&*$open.await).await;
            }

            #[tokio::test]
            async fn of_many_who_say_something_at_once_one_does() {
                super::of_many_who_say_something_at_once_one_does($open.await).await;
            }
        }
    };
}

contract!(sqlite, crate::register::on_sqlite());
contract!(postgresql, crate::register::on_postgresql());
contract!(mongodb, crate::register::on_mongodb());

/// The directory stays behind: a store has no say in when its file may go.
async fn on_sqlite() -> Arc<dyn CacheRegister> {
    let (sql, directory) = sql::sqlite().await;
    let _ = directory.keep();
    Arc::new(SqlRegister::new(sql, Role::Users))
}

async fn on_postgresql() -> Arc<dyn CacheRegister> {
    Arc::new(SqlRegister::new(sql::postgresql().await, Role::Users))
}

async fn on_mongodb() -> Arc<dyn CacheRegister> {
    let server = mongo_server(mongo_options(mongo_url()));
    server.migrate().await.expect("migrated");
    Arc::new(server.register())
}

async fn what_was_said_last_is_said(register: &dyn CacheRegister) {
    let said = async || register.registered().await.expect("it answers");
    let say = async |generation, active| register.register(generation, active).await.expect("it answers");
    assert_eq!(said().await, Registered::default());
    assert!(!say(1, Some(Life(1))).await, "nothing was said yet");
    let lives = [Some(Life(u128::MAX)), None, Some(Life(0)), Some(Life(1 << 64)), None];
    for (generation, active) in (0..).zip(lives) {
        assert!(say(generation, active).await);
        assert_eq!(said().await, Registered { generation: generation + 1, active });
        for other in [generation, generation + 2, 0] {
            assert!(!say(other, Some(Life(9))).await, "{other} is not the last generation");
        }
        assert_eq!(said().await.active, active);
    }
    assert_eq!(register.check().await.map(|version| version.is_empty()).ok(), Some(false));
}

async fn of_many_who_say_something_at_once_one_does(register: Arc<dyn CacheRegister>) {
    for generation in 0..5 {
        let say = |n| {
            let register = Arc::clone(&register);
            async move { register.register(generation, Some(Life(n))).await.expect("it answers").then_some(n) }
        };
        let said: Vec<u128> = futures::future::join_all((0..8).map(say)).await.into_iter().flatten().collect();
        let [life] = said[..] else { panic!("{said:?} were all said in one generation") };
        let expected = Registered { generation: generation + 1, active: Some(Life(life)) };
        assert_eq!(register.registered().await.expect("it answers"), expected);
    }
}
