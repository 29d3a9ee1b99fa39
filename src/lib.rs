//! laglab: a Kafka you can break in a browser tab.
//!
//! The map of the crate, in the order in which data flows:
//! [`scenario`] reads and checks a file and builds an [`engine::design::Design`]; [`engine`] plays it out;
//! [`report`] makes text and JSON of what happened; `ui` is the page.
//! Arrows never run back: `ui → report → scenario → engine`.

pub mod engine;
pub mod report;
pub mod scenario;
#[cfg(feature = "page")]
pub mod ui;
