//! Every interleaving of the batching scope's signal, explored with loom: a wake is never lost.

/// The signal itself, made of loom's parts.
#[path = "../src/loaders/batch/signal.rs"]
mod signal;

/// What [`signal`] is made of here.
mod sync {
    pub(super) use loom::sync::Mutex;
    pub(super) use loom::sync::atomic::{AtomicU8, Ordering};
}

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use signal::Signal;

/// The task that the driver belongs to, as its executor sees it.
#[derive(Default)]
struct Task {
    woken: AtomicUsize,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.woken.fetch_add(1, Ordering::SeqCst);
    }
}

/// One poll of the scope: `Some` once the request has seen what it waits for.
fn poll(signal: &Signal, task: &Arc<Task>, ready: &AtomicBool) -> Option<()> {
    signal.enter(&Waker::from(Arc::clone(task)));
    loop {
        while signal.take() {
            if ready.load(Ordering::SeqCst) {
                return Some(());
            }
        }
        if signal.leave() {
            return None;
        }
    }
}

/// Makes ready what the request waits for, and wakes it, `times` over; polls until nobody would poll it again.
fn explore(times: usize) {
    loom::model(move || {
        let (signal, task, ready) =
            (Arc::new(Signal::default()), Arc::new(Task::default()), Arc::new(AtomicBool::new(false)));
        let waking = {
            let (signal, ready) = (Arc::clone(&signal), Arc::clone(&ready));
            thread::spawn(move || {
                for time in 1..=times {
                    ready.store(time == times, Ordering::SeqCst);
                    signal.wake_by_ref();
                }
            })
        };
        let mut polled = 0;
        let mut seen = poll(&signal, &task, &ready);
        while seen.is_none() && task.woken.load(Ordering::SeqCst) > polled {
            polled = task.woken.load(Ordering::SeqCst);
            seen = poll(&signal, &task, &ready);
        }
        waking.join().expect("it wakes");
        // The executor polls whatever was woken since.
        if seen.is_none() && task.woken.load(Ordering::SeqCst) > polled {
            seen = poll(&signal, &task, &ready);
        }
        assert_eq!(seen, Some(()), "a wake was lost: the request would wait for ever");
    });
}

#[test]
fn a_wake_is_never_lost() {
    explore(1);
}

#[test]
fn nor_is_the_last_of_several() {
    explore(2);
}
