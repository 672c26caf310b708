//! How long work tells those who wait for it how far it is.

/// Told of the parts of a long job, of which several may run at once.
pub trait Progress: Send + Sync {
    /// A part begins, of which `total` things are to be done.
    fn start(&self, part: &'static str, total: u64) -> Box<dyn PartProgress>;
}

/// Told of one part of a long job. Dropping it without [`Self::finish`] means that the part failed.
pub trait PartProgress: Send {
    /// So many more are done.
    fn advance(&mut self, done: u64);

    /// The part is complete.
    fn finish(self: Box<Self>);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn start(&self, _part: &'static str, _total: u64) -> Box<dyn PartProgress> {
        Box::new(Self)
    }
}

impl PartProgress for NoProgress {
    fn advance(&mut self, _done: u64) {}

    fn finish(self: Box<Self>) {}
}
