//! The page.

mod entry;
