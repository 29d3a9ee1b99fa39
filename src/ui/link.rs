//! The main thread's end of the line to the worker.

use super::frame::{Answer, Command};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};
use yew::Callback;

pub struct Link {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Link {
    /// Starts the worker. What it answers goes to `on_answer`; should it fail, what it says goes to `on_fault`.
    pub fn start(on_answer: Callback<Answer>, on_fault: Callback<String>) -> Result<Link, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options("worker.js", &options)?;
        let on_message = {
            let on_fault = on_fault.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
                let text = event.data().as_string().unwrap_or_default();
                match serde_json::from_str::<Answer>(&text) {
                    Ok(answer) => on_answer.emit(answer),
                    Err(error) => on_fault.emit(format!("the page does not understand the engine: {error}")),
                }
            })
        };
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |event: ErrorEvent| {
            let message = event.message();
            on_fault.emit(if message.is_empty() { "the engine could not be loaded".to_owned() } else { message });
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Link { worker, _on_message: on_message, _on_error: on_error })
    }

    pub fn send(&self, command: &Command) {
        let text = serde_json::to_string(command).expect("a command is plain data");
        // A worker that has gone has already said so through `on_fault`.
        let _ = self.worker.post_message(&JsValue::from_str(&text));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
