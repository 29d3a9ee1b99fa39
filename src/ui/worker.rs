//! The worker's end of the line: takes commands, lets the session work in slices, posts what it answers.
//! Between two slices it comes back through a message to itself, which is prompt, so that commands are never kept waiting.

use super::frame::{Answer, Command};
use super::session::{Next, Session};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    performance: web_sys::Performance,
    session: RefCell<Session>,
    /// Messages to oneself.
    channel: MessageChannel,
    /// A slice has been asked for and has not begun.
    called: Cell<bool>,
    /// The timer that will ask for one.
    timer: Cell<Option<i32>>,
    on_timer: RefCell<Option<Closure<dyn FnMut()>>>,
}

pub fn run() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    // A panic ends the worker; its sentence is the last thing that the page hears.
    std::panic::set_hook(Box::new(|panic| {
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        send(&scope, &Answer::Fault(panic.to_string()));
    }));
    let worker = Rc::new(Worker {
        performance: scope.performance().expect("a worker has a clock"),
        session: RefCell::new(Session::new()),
        channel: MessageChannel::new().expect("a worker has channels"),
        called: Cell::new(false),
        timer: Cell::new(None),
        on_timer: RefCell::new(None),
        scope: scope.clone(),
    });
    let on_message = {
        let worker = worker.clone();
        Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            // The page speaks the same version: what it sends can be read.
            if let Ok(command) = serde_json::from_str::<Command>(&text) {
                worker.take(command);
            }
        })
    };
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    let on_call = {
        let worker = worker.clone();
        Closure::<dyn FnMut()>::new(move || worker.slice())
    };
    worker.channel.port1().set_onmessage(Some(on_call.as_ref().unchecked_ref()));
    let on_timer = {
        let worker = worker.clone();
        Closure::<dyn FnMut()>::new(move || {
            worker.timer.set(None);
            worker.slice();
        })
    };
    *worker.on_timer.borrow_mut() = Some(on_timer);
    // They listen as long as the worker lives.
    on_message.forget();
    on_call.forget();
    worker.post(&Answer::Ready);
}

impl Worker {
    fn take(&self, command: Command) {
        let answers = self.session.borrow_mut().take(command, self.performance.now());
        for answer in &answers {
            self.post(answer);
        }
        self.call();
    }

    fn slice(&self) {
        self.called.set(false);
        let (answers, next) = self.session.borrow_mut().work(&mut || self.performance.now());
        for answer in &answers {
            self.post(answer);
        }
        match next {
            Next::Work => self.call(),
            Next::Wait(millis) => self.call_in(millis),
            Next::Rest => {}
        }
    }

    /// One slice soon, after the messages that have come meanwhile.
    fn call(&self) {
        if let Some(timer) = self.timer.take() {
            self.scope.clear_timeout_with_handle(timer);
        }
        if !self.called.replace(true) {
            self.channel.port2().post_message(&JsValue::NULL).expect("the channel is open");
        }
    }

    fn call_in(&self, millis: f64) {
        if self.called.get() || self.timer.get().is_some() {
            return;
        }
        let on_timer = self.on_timer.borrow();
        let on_timer = on_timer.as_ref().expect("the worker has begun").as_ref().unchecked_ref();
        let timer = self.scope.set_timeout_with_callback_and_timeout_and_arguments_0(on_timer, millis as i32);
        self.timer.set(timer.ok());
    }

    fn post(&self, answer: &Answer) {
        send(&self.scope, answer);
    }
}

fn send(scope: &DedicatedWorkerGlobalScope, answer: &Answer) {
    let text = serde_json::to_string(answer).expect("an answer is plain data");
    // The page is gone when this fails, and the worker with it.
    let _ = scope.post_message(&JsValue::from_str(&text));
}
