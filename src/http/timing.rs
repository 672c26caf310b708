//! `Server-Timing` (W3C Server Timing): where the time of a request went, for those who may have requests explained.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// When each part of a request was done, in their order. Parts that it never came to have none.
pub(super) struct Timing {
    /// `None` where nobody may be told.
    now: Option<fn() -> Instant>,
    began: Option<Instant>,
    done: [Option<Instant>; Part::COUNT],
}

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It is known who asks.
    Identify,
    /// The document is found, parsed and validated.
    Prepare,
    /// It is known whether the answer is kept.
    Cache,
    /// The answer is made.
    Execute,
}

impl Part {
    const COUNT: usize = 4;

    const ALL: [(Self, &'static str); Self::COUNT] =
        [(Self::Identify, "identify"), (Self::Prepare, "prepare"), (Self::Cache, "cache"), (Self::Execute, "execute")];
}

impl Timing {
    /// Begins now, if anybody may be told.
    pub(super) fn begin(now: fn() -> Instant, may_be_told: bool) -> Self {
        let now = may_be_told.then_some(now);
        Self { now, began: now.map(|now| now()), done: [None; Part::COUNT] }
    }

    /// This part is done.
    pub(super) fn done(&mut self, part: Part) {
        self.done[part as usize] = self.now.map(|now| now());
    }

    /// Says in an answer what was measured, in milliseconds.
    pub(super) fn tell(&self, response: &mut Response) {
        let (Some(began), Some(now)) = (self.began, self.now) else { return };
        let (mut text, mut last) = (String::new(), began);
        for (part, name) in Part::ALL {
            if let Some(done) = self.done[part as usize] {
                // Writing to text can't fail.
                let _ = write!(text, "{name};dur={:.3}, ", millis(done - last));
                last = done;
            }
        }
        let _ = write!(text, "total;dur={:.3}", millis(now() - began));
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().insert(SERVER_TIMING, value);
        }
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    /// A clock that goes on only when it is told to.
    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn told(timing: &Timing) -> Option<String> {
        let mut response = Response::new(Body::empty());
        timing.tell(&mut response);
        response.headers().get(SERVER_TIMING).map(|value| value.to_str().expect("text").to_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn each_part_says_how_long_it_took_itself() {
        let mut timing = Timing::begin(now, true);
        for (part, micros) in [(Part::Identify, 10), (Part::Prepare, 1_500), (Part::Execute, 20_000)] {
            tokio::time::advance(Duration::from_micros(micros)).await;
            timing.done(part);
        }
        let expected = "identify;dur=0.010, prepare;dur=1.500, execute;dur=20.000, total;dur=21.510";
        assert_eq!(told(&timing).as_deref(), Some(expected));
    }

    #[test]
    fn nobody_is_told_where_nobody_may_be() {
        let mut timing = Timing::begin(|| panic!("the clock is not looked at"), false);
        timing.done(Part::Identify);
        assert_eq!(told(&timing), None);
    }
}
