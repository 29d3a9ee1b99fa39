//! The walk through the built page in a real browser, as a visitor takes it.
//!
//! Run by `cargo site test walk`, which builds the page, serves it under a path of its own and starts the driver.

mod driver;
mod manners;
mod page;
mod walk;
