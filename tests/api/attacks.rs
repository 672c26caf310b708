//! Attacks, refused with a code, before a store is asked, and for about as much CPU as it takes to say hello.
//!
//! What is about connections (slow clients, headers) is in modules of its own. WebSockets are not there yet.

mod cheap;
mod headers;
mod range;
mod secrets;
mod slow;
