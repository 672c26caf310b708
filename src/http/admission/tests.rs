//! Who is let in, in which order, and who is refused. Time stands still until somebody waits for it.

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use tokio::time::{advance, sleep};

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn admission(at_once: usize, waiting: usize) -> Admission {
    let limits = AdmissionLimits { at_once, waiting, patience: SECOND };
    Admission::new(limits, || tokio::time::Instant::now().into_std())
}

fn load(admission: &Admission) -> (usize, usize, u64) {
    let Load { running, waiting, refused } = admission.load();
    (running, waiting, refused)
}

/// Asks to be let in, and waits in line if need be, without being polled any further.
fn come(admission: &Admission) -> BoxFuture<'_, Result<Admitted, Overloaded>> {
    let mut coming = admission.enter().boxed();
    match (&mut coming).now_or_never() {
        Some(done) => std::future::ready(done).boxed(),
        None => coming,
    }
}

/// Whether a request's turn has come.
fn has_turn(coming: &mut BoxFuture<'_, Result<Admitted, Overloaded>>) -> Option<Result<Admitted, Overloaded>> {
    coming.now_or_never()
}

async fn enter(admission: &Admission) -> Admitted {
    let Ok(admitted) = admission.enter().await else { panic!("refused") };
    admitted
}

#[tokio::test(start_paused = true)]
async fn so_many_run_so_many_wait_and_the_rest_is_refused_at_once() {
    let admission = admission(2, 3);
    let running = [enter(&admission).await, enter(&admission).await];
    let mut waiting: Vec<_> = (0..3).map(|_| come(&admission)).collect();
    assert_eq!(load(&admission), (2, 3, 0));
    for n in 1..=4 {
        assert!(matches!(admission.enter().now_or_never(), Some(Err(Overloaded))));
        assert_eq!(load(&admission), (2, 3, n));
    }
    drop(running);
    assert_eq!(load(&admission), (2, 1, 4));
    let mut turns: Vec<_> = waiting.iter_mut().filter_map(has_turn).collect();
    assert_eq!(turns.len(), 2);
    turns.clear();
    assert_eq!(load(&admission), (1, 0, 4));
    drop(waiting);
    assert_eq!(load(&admission), (0, 0, 4), "all is well afterwards");
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_served_in_the_order_in_which_it_came() {
    let admission = admission(1, 10);
    let mut turn = enter(&admission).await;
    let mut waiting: Vec<_> = (0..5).map(|_| come(&admission)).collect();
    for n in 0..5 {
        advance(10 * MILLISECOND).await;
        drop(turn);
        let served: Vec<_> =
            waiting.iter_mut().enumerate().filter_map(|(at, coming)| Some((at, has_turn(coming)?))).collect();
        let Ok([(at, Ok(next))]) = <[_; 1]>::try_from(served) else { panic!("one at a time") };
        assert_eq!(at, 0, "the first of those who are left, {n}");
        drop(waiting.remove(0));
        turn = next;
    }
    drop(turn);
    assert_eq!(load(&admission), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_longer_than_a_burst_takes() {
    let admission = admission(1, 10);
    let _turn = enter(&admission).await;
    let began = tokio::time::Instant::now();
    assert!(admission.enter().await.is_err());
    assert!(began.elapsed() >= SECOND && began.elapsed() <= SECOND + MILLISECOND);
    assert_eq!(load(&admission), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn while_others_are_refused_who_comes_waits_for_a_moment_only() {
    let admission = admission(1, 10);
    let _turn = enter(&admission).await;
    assert!(admission.enter().await.is_err());
    for _ in 0..3 {
        let began = tokio::time::Instant::now();
        assert!(admission.enter().await.is_err());
        assert!(began.elapsed() >= MOMENT && began.elapsed() <= MOMENT + MILLISECOND);
    }
    advance(CALM).await;
    let began = tokio::time::Instant::now();
    assert!(admission.enter().await.is_err());
    assert!(began.elapsed() >= SECOND, "nobody had been refused for a while");
}

#[tokio::test(start_paused = true)]
async fn while_others_are_refused_the_last_is_next() {
    let admission = admission(1, 2);
    let turn = enter(&admission).await;
    let (mut first, mut second) = (come(&admission), come(&admission));
    assert!(admission.enter().await.is_err());
    drop(turn);
    let Some(Ok(turn)) = has_turn(&mut second) else { panic!("the last is next") };
    assert!(has_turn(&mut first).is_none());
    advance(CALM / 2).await;
    let mut third = come(&admission);
    drop(turn);
    let Some(Ok(turn)) = has_turn(&mut third) else { panic!("the last is next") };
    advance(CALM / 4).await;
    drop(turn);
    assert!(matches!(has_turn(&mut first), Some(Ok(_))), "who came first is served where nobody else waits");
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_leaves_the_line() {
    let admission = admission(1, 2);
    let turn = enter(&admission).await;
    let (first, mut second) = (come(&admission), come(&admission));
    drop(first);
    assert_eq!(load(&admission), (1, 1, 0));
    drop(turn);
    assert!(matches!(has_turn(&mut second), Some(Ok(_))));
    assert_eq!(load(&admission), (0, 0, 0), "nobody is refused who went by themselves");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_nobody_takes_is_the_next_ones() {
    let admission = admission(1, 2);
    let turn = enter(&admission).await;
    let (first, mut second) = (come(&admission), come(&admission));
    // The turn is the first one's now, who goes before they notice.
    drop(turn);
    assert_eq!(load(&admission), (1, 1, 0));
    drop(first);
    assert!(matches!(has_turn(&mut second), Some(Ok(_))));
    assert_eq!(load(&admission), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn without_a_line_the_rest_is_refused() {
    let admission = admission(1, 0);
    let turn = enter(&admission).await;
    assert!(admission.enter().now_or_never().is_some_and(|refused| refused.is_err()));
    drop(turn);
    enter(&admission).await;
}

/// Requests that come evenly, and take `work` each once they are let in. Of those that are: when they came, and how long
/// they waited.
async fn under(admission: &Admission, count: u32, every: Duration, work: Duration) -> Vec<(Duration, Duration)> {
    let begin = tokio::time::Instant::now();
    let requests = (0..count).map(|n| async move {
        sleep(every * n).await;
        let came = tokio::time::Instant::now();
        let admitted = admission.enter().await.ok()?;
        let waited = came.elapsed();
        sleep(work).await;
        drop(admitted);
        Some((came - begin, waited))
    });
    join_all(requests).await.into_iter().flatten().collect()
}

/// The longest that anybody waited who came after this time.
fn longest(done: &[(Duration, Duration)], after: Duration) -> Duration {
    done.iter().filter(|(came, _)| *came > after).map(|(_, waited)| *waited).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn ten_times_too_much_leaves_throughput_as_it_is_and_waits_short() {
    let (at_once, work) = (8, 80 * MILLISECOND);
    // 100 a second can be done; 10 seconds of that, and of 1,000 a second.
    let done = under(&admission(at_once, 1_000), 1_000, 10 * MILLISECOND, work).await;
    assert_eq!(done.len(), 1_000);
    assert!(longest(&done, Duration::ZERO) <= 2 * MILLISECOND);
    let crowded = admission(at_once, 1_000);
    let done = under(&crowded, 10_000, MILLISECOND, work).await;
    assert!(done.len() >= 950, "{} of 1,000 that can be done", done.len());
    // At the begin it might be a burst, which has a second.
    assert!(longest(&done, Duration::ZERO) <= SECOND + MILLISECOND);
    let longest = longest(&done, SECOND + MILLISECOND);
    assert!(longest <= MOMENT + MILLISECOND, "{longest:?}");
    assert_eq!(load(&crowded), (0, 0, 10_000 - done.len() as u64));
}

#[tokio::test(start_paused = true)]
async fn a_little_too_much_is_refused_a_little() {
    let admission = admission(8, 1_000);
    // 125 come for 100 that can be done.
    let done = under(&admission, 1_250, 8 * MILLISECOND, 80 * MILLISECOND).await;
    assert!(done.len() >= 900, "{} of 1,000 that can be done", done.len());
    assert_eq!(load(&admission), (0, 0, 1_250 - done.len() as u64));
}
