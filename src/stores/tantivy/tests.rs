//! What the contract suite can't see: restarts, locks, sweeping, and versions of the index.
