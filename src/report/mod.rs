//! What a run gives, as text and as JSON.

pub mod describe;
pub mod json;
pub mod lesson;
pub mod number;
pub mod outcome;
pub mod story;
pub mod text;
