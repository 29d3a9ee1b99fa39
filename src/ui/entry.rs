//! The two doors of the one wasm: the page on the main thread, the engine in a worker.

use wasm_bindgen::prelude::wasm_bindgen;

/// Shows the page. Called by `start.js`.
#[wasm_bindgen]
pub fn page() {
    let body = web_sys::window().and_then(|window| window.document()).and_then(|document| document.body());
    body.expect("the page has a body").set_text_content(Some("laglab"));
}

/// Answers the page's commands. Called by `worker.js`.
#[wasm_bindgen]
pub fn worker() {}
