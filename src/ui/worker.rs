//! The worker's end of the line: takes commands, runs the session in slices, posts what it answers.

use super::frame::{Answer, Command, Problem};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

pub fn run() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let on_message = {
        let scope = scope.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            match serde_json::from_str::<Command>(&text) {
                Ok(Command::Gallery) => post(&scope, &Answer::Gallery(Vec::new())),
                Ok(Command::Open { .. }) => post(&scope, &Answer::Refused(vec![without_engine()])),
                Ok(_) | Err(_) => {}
            }
        })
    };
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // It listens as long as the worker lives.
    on_message.forget();
    post(&scope, &Answer::Ready);
}

fn without_engine() -> Problem {
    let message = "this build has no engine to run it".to_owned();
    Problem { line: 0, column: 0, length: 1, source: String::new(), message, help: String::new() }
}

fn post(scope: &DedicatedWorkerGlobalScope, answer: &Answer) {
    let text = serde_json::to_string(answer).expect("an answer is plain data");
    // The page is gone when this fails, and the worker with it.
    let _ = scope.post_message(&JsValue::from_str(&text));
}
