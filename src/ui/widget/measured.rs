//! Renders its content for the width that it has, again whenever that changes.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::HtmlElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// Until it is measured, and where nothing can be measured.
    pub default_width: f64,
    pub render: Callback<f64, Html>,
}

#[component]
pub fn Measured(props: &Props) -> Html {
    let node = use_node_ref();
    let width = use_state_eq(|| props.default_width);
    {
        let (node, width) = (node.clone(), width.clone());
        use_effect_with((), move |()| {
            let element = node.cast::<HtmlElement>();
            let measure = {
                let element = element.clone();
                move || {
                    if let Some(element) = &element
                        && element.client_width() > 0
                    {
                        width.set(f64::from(element.client_width()));
                    }
                }
            };
            measure();
            let on_resize = Closure::<dyn FnMut()>::new(measure);
            let observer = web_sys::ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok();
            if let (Some(observer), Some(element)) = (&observer, &element) {
                observer.observe(element);
            }
            move || {
                if let Some(observer) = observer {
                    observer.disconnect();
                }
                drop(on_resize);
            }
        });
    }
    html! { <div class="measured" ref={node}>{ props.render.emit(*width) }</div> }
}
