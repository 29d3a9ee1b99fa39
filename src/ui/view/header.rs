//! The bar at the top of every view, and the list of keys.

use super::super::route::Route;
use super::super::theme::Theme;
use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    pub route: Route,
    pub theme: Theme,
    pub on_theme: Callback<Theme>,
    /// A file was chosen.
    pub on_import: Callback<web_sys::File>,
    pub on_file: Callback<()>,
    pub on_help: Callback<()>,
}

#[component]
pub fn Header(props: &Props) -> Html {
    let import = {
        let on_import = props.on_import.clone();
        Callback::from(move |event: Event| {
            let input = event.target_unchecked_into::<HtmlInputElement>();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                on_import.emit(file);
            }
            // So that the same file can be chosen again after it was edited.
            input.set_value("");
        })
    };
    let emit = |callback: &Callback<()>| {
        let callback = callback.clone();
        Callback::from(move |_: MouseEvent| callback.emit(()))
    };
    let next = props.theme.next();
    let theme = {
        let on_theme = props.on_theme.clone();
        Callback::from(move |_: MouseEvent| on_theme.emit(next))
    };
    let at_gallery = props.route == Route::Gallery;
    html! {
        <header class="top">
            <a class="skip" href="#content" onclick={|event: MouseEvent| { event.prevent_default(); focus_content(); }}>{ "To the content" }</a>
            <a class="logo" href={Route::Gallery.hash()} aria-label="laglab, scenarios">{ "lag" }<b>{ "lab" }</b></a>
            <nav aria-label="Main">
                <a href={Route::Gallery.hash()} aria-current={at_gallery.then_some("page")}>{ "Scenarios" }</a>
                <label class="import">{ "Open file" }
                    <input type="file" data-import="" accept=".yaml,.yml,.json,text/yaml,application/json" onchange={import} />
                </label>
                if !at_gallery { <button type="button" onclick={emit(&props.on_file)}>{ "View file" }</button> }
            </nav>
            <div class="ends">
                <button type="button" onclick={emit(&props.on_help)} aria-label="Keys" title="Keys (?)">{ "?" }</button>
                <button type="button" onclick={theme} aria-label={format!("Colours: {}. Change to {}", props.theme.name(), next.name())}>
                    { props.theme.name() }
                </button>
            </div>
        </header>
    }
}

/// The address belongs to the routes, so the skip link moves the focus itself.
fn focus_content() {
    use wasm_bindgen::JsCast;
    let content = web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id("content"));
    if let Some(content) = content.and_then(|content| content.dyn_into::<web_sys::HtmlElement>().ok()) {
        content.set_tab_index(-1);
        // Focus is a convenience: an element that cannot take it is still there.
        let _ = content.focus();
    }
}

/// Every key, as the app takes it.
pub const KEYS: [(&str, &str); 9] = [
    ("space", "play, pause"),
    (".", "one event"),
    ("← →", "a second back, forth; with shift ten"),
    ("[ ]", "to the mark before, after"),
    ("Home", "to the start"),
    ("− +", "slower, faster"),
    ("t", "light or dark"),
    ("Esc", "close; put out what is lit"),
    ("?", "this list"),
];

#[derive(Properties, PartialEq)]
pub struct HelpProps {
    pub on_close: Callback<()>,
}

#[component]
pub fn Help(props: &HelpProps) -> Html {
    let close = {
        let on_close = props.on_close.clone();
        Callback::from(move |_: MouseEvent| on_close.emit(()))
    };
    html! {
        <section class="card help" role="dialog" aria-labelledby="keys">
            <div class="head"><h2 id="keys">{ "Keys" }</h2><button type="button" class="tool" onclick={close} aria-label="Close">{ "×" }</button></div>
            <dl>{ for KEYS.iter().map(|(key, what)| html! { <><dt><kbd>{ *key }</kbd></dt><dd>{ *what }</dd></> }) }</dl>
        </section>
    }
}
