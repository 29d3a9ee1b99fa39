//! The consumer: fetcher, membership, commits.

pub mod commit;
#[allow(clippy::module_inception)] // The application's own consumer, as Kafka names it.
pub mod consumer;
mod events;
pub mod fetcher;
mod lifecycle;
pub mod membership;
