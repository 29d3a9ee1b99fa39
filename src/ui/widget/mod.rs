//! Small parts that several views use.

pub mod measured;
