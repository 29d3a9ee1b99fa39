//! The page. The session holds a run in a web worker and answers commands with frames; views draw frames on the main thread.

pub mod app;
mod browser;
pub mod catalog;
pub mod chart;
pub mod frame;
pub mod link;
pub mod route;
#[cfg(test)]
mod sample;
pub mod session;
pub mod store;
pub mod theme;
pub mod view;
pub mod widget;
mod worker;

pub use crate::report::number;
use wasm_bindgen::prelude::wasm_bindgen;

/// The main thread: draws.
#[wasm_bindgen]
pub fn page() {
    yew::Renderer::<app::App>::new().render();
}

/// The worker: runs.
#[wasm_bindgen]
pub fn worker() {
    worker::run();
}
