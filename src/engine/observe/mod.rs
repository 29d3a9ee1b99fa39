//! What is seen of a run: observations, series, histograms, snapshots.

pub mod condition;
pub mod histogram;
pub mod lag;
pub mod metric;
pub mod observation;
pub mod sampler;
pub mod series;
pub mod snapshot;
mod world_view;
