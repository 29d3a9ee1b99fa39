//! The consumer: fetcher, membership, commits.
