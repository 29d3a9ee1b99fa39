//! A broker: a request queue, the logs it leads, consumers that wait for more, coordinators.

#[allow(clippy::module_inception)] // Kafka calls it a broker, and so do we.
pub mod broker;
mod coordination;
pub mod fetch_session;
pub mod request_queue;
