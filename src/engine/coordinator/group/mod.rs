//! The group coordinator.

pub mod assignor;
pub mod classic;
pub mod coordinator_timer;
pub mod group_coordinator;
pub mod message;
pub mod offsets;
