//! Coordinators: state machines that live on brokers.

pub mod group;
