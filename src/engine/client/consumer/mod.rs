//! The consumer: fetcher, membership, commits.

pub mod commit;
pub mod membership;
