//! The few things that the page asks of the browser: storage, media queries, the address, files.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

pub fn window() -> web_sys::Window {
    web_sys::window().expect("the page runs in a window")
}

pub fn document() -> web_sys::Document {
    window().document().expect("a window has a document")
}

pub fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

pub fn set_hash(hash: &str) {
    // Refused only by a window that is closing.
    let _ = window().location().set_hash(hash);
}

/// Storage may be switched off or full: then work is not kept, and nothing else changes.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

pub fn kept(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

pub fn keep(key: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(key, value);
    }
}

pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(key);
    }
}

pub fn media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

/// Sets `data-theme` of the document, which the stylesheet reads; none: as the system says.
pub fn set_theme(theme: Option<&str>) {
    if let Some(root) = document().document_element() {
        // An attribute with a valid name is always taken.
        let _ = match theme {
            Some(theme) => root.set_attribute("data-theme", theme),
            None => root.remove_attribute("data-theme"),
        };
    }
}

/// Reads a file as text and hands it on.
pub fn read_text(file: &web_sys::File, then: impl FnOnce(Result<String, String>) + 'static) {
    let then = std::rc::Rc::new(std::cell::RefCell::new(Some(then)));
    let (good, bad) = (then.clone(), then);
    let taken = Closure::once_into_js(move |text: JsValue| {
        if let Some(then) = good.borrow_mut().take() {
            then(Ok(text.as_string().unwrap_or_default()));
        }
    });
    let failed = Closure::once_into_js(move |_: JsValue| {
        if let Some(then) = bad.borrow_mut().take() {
            then(Err("the browser could not read the file".to_owned()));
        }
    });
    let promise: js_sys::Promise = file.text().unchecked_into();
    let then_of = js_sys::Reflect::get(&promise, &JsValue::from_str("then")).expect("a promise has `then`");
    let then_of: js_sys::Function = then_of.unchecked_into();
    // `then` of a promise does not throw.
    let _ = then_of.call2(&promise, &taken, &failed);
}

/// Saves a text as a file of the visitor.
pub fn download(name: &str, text: &str) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(&JsValue::from_str(text));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type("application/yaml");
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let anchor: web_sys::HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    web_sys::Url::revoke_object_url(&url)
}

/// A listener that is taken off when it is dropped.
pub struct Listener {
    target: web_sys::EventTarget,
    event: &'static str,
    closure: Closure<dyn FnMut(web_sys::Event)>,
}

impl Listener {
    pub fn new(target: &web_sys::EventTarget, event: &'static str, on_event: impl FnMut(web_sys::Event) + 'static) -> Listener {
        let closure = Closure::<dyn FnMut(web_sys::Event)>::new(on_event);
        target.add_event_listener_with_callback(event, closure.as_ref().unchecked_ref()).expect("an event target takes listeners");
        Listener { target: target.clone(), event, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.target.remove_event_listener_with_callback(self.event, self.closure.as_ref().unchecked_ref());
    }
}
