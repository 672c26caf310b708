//! What is told as it happens: the protocols frame by frame, and events from one gateway to another.

mod closings;
mod events;
mod fan_out;
mod outage;
mod pair;
mod resuming;
mod sessions;
mod socket;
mod streams;
