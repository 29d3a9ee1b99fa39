//! The app: keeps the store, the line to the worker, the keys and the work of the visitor; everything seen is in `view`.

use super::browser::{self, Listener};
use super::catalog;
use super::frame::{Answer, Command, Nanos, Problem};
use super::link::Link;
use super::route::{MINE, Route};
use super::store::{Change, Kept, Store};
use super::theme::Theme;
use super::view::file::File;
use super::view::gallery::Gallery;
use super::view::header::{Header, Help};
use super::view::lab::Lab;
use super::view::problems::Problems;
use super::view::stage::Stage;
use super::view::transport::{FASTEST, speed_of, stop_of};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, HashChangeEvent, HtmlElement, KeyboardEvent};
use yew::prelude::*;

/// Bytes of a file that are read at all; the format allows less and says so.
const MOST_BYTES: f64 = 8e6;
const SECOND: Nanos = 1_000_000_000;

pub struct App {
    store: Store,
    link: Option<Link>,
    theme: Theme,
    still: bool,
    dark: bool,
    file_shown: bool,
    help_shown: bool,
    dragging: bool,
    /// When the work was last kept, so that playing does not write sixty times a second.
    kept_at: f64,
    callbacks: Callbacks,
    _listeners: Vec<Listener>,
}

/// Made once: a new callback for each frame would be a new property, and all views would be drawn anew sixty times a second.
struct Callbacks {
    command: Callback<Command>,
    light: Callback<Option<AttrValue>>,
    theme: Callback<Theme>,
    import: Callback<web_sys::File>,
    show_file: Callback<()>,
    show_help: Callback<()>,
    close_problems: Callback<()>,
    reset: Callback<()>,
    download: Callback<(String, String)>,
}

pub enum Message {
    Answer(Box<Answer>),
    Fault(String),
    Route,
    Command(Command),
    Light(Option<AttrValue>),
    Theme(Theme),
    SystemTheme,
    Key(KeyboardEvent),
    Import(web_sys::File),
    Text(Result<String, String>),
    Drag(bool),
    Download(String, String),
    ShowFile,
    ShowHelp,
    CloseProblems,
    Reset,
    Leave,
}

impl Component for App {
    type Message = Message;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link();
        let theme = Theme::by_name(&browser::kept("laglab:theme").unwrap_or_default());
        let mut listeners = vec![
            Listener::new(&browser::window(), "hashchange", {
                let link = link.clone();
                move |event| {
                    if event.has_type::<HashChangeEvent>() {
                        link.send_message(Message::Route);
                    }
                }
            }),
            Listener::new(&browser::document(), "keydown", {
                let link = link.clone();
                move |event| {
                    if let Ok(event) = event.dyn_into::<KeyboardEvent>()
                        && is_ours(&event)
                    {
                        link.send_message(Message::Key(event));
                    }
                }
            }),
            Listener::new(&browser::window(), "pagehide", {
                let link = link.clone();
                move |_| link.send_message(Message::Leave)
            }),
            Listener::new(&browser::document(), "dragover", {
                let link = link.clone();
                move |event| {
                    event.prevent_default();
                    link.send_message(Message::Drag(true));
                }
            }),
            Listener::new(&browser::document(), "dragleave", {
                let link = link.clone();
                move |_| link.send_message(Message::Drag(false))
            }),
            Listener::new(&browser::document(), "drop", {
                let link = link.clone();
                move |event| {
                    event.prevent_default();
                    link.send_message(Message::Drag(false));
                    let files = event.dyn_into::<DragEvent>().ok().and_then(|event| event.data_transfer()).and_then(|data| data.files());
                    if let Some(file) = files.and_then(|files| files.get(0)) {
                        link.send_message(Message::Import(file));
                    }
                }
            }),
        ];
        if let Some(query) = browser::window().match_media("(prefers-color-scheme: dark)").ok().flatten() {
            let link = link.clone();
            listeners.push(Listener::new(&query, "change", move |_| link.send_message(Message::SystemTheme)));
        }
        let worker = Link::start(link.callback(|answer| Message::Answer(Box::new(answer))), link.callback(Message::Fault));
        let mut app = App {
            store: Store::default(),
            link: None,
            theme,
            still: browser::media("(prefers-reduced-motion: reduce)"),
            dark: theme.is_dark(browser::media("(prefers-color-scheme: dark)")),
            file_shown: false,
            help_shown: false,
            dragging: false,
            kept_at: 0.0,
            callbacks: Callbacks {
                command: link.callback(Message::Command),
                light: link.callback(Message::Light),
                theme: link.callback(Message::Theme),
                import: link.callback(Message::Import),
                show_file: link.callback(|()| Message::ShowFile),
                show_help: link.callback(|()| Message::ShowHelp),
                close_problems: link.callback(|()| Message::CloseProblems),
                reset: link.callback(|()| Message::Reset),
                download: link.callback(|(name, text)| Message::Download(name, text)),
            },
            _listeners: listeners,
        };
        match worker {
            Ok(worker) => app.link = Some(worker),
            Err(_) => app.store.fault = Some("this browser does not start a worker".to_owned()),
        }
        app.show_theme();
        app.go();
        app
    }

    fn update(&mut self, ctx: &Context<Self>, message: Message) -> bool {
        match message {
            Message::Answer(answer) => return self.answer(*answer),
            // What the worker itself said of its end says more.
            Message::Fault(what) => {
                self.store.fault.get_or_insert(what);
            }
            Message::Route => self.go(),
            Message::Command(command) => self.send(command),
            Message::Light(thing) => self.store.lit = thing,
            Message::Theme(theme) => self.choose_theme(theme),
            Message::SystemTheme => self.dark = self.theme.is_dark(browser::media("(prefers-color-scheme: dark)")),
            Message::Key(event) => return self.key(&event),
            Message::Import(file) => {
                if file.size() > MOST_BYTES {
                    self.store.problems =
                        vec![unreadable(format!("{} has {:.0} MB; a scenario is much smaller", file.name(), file.size() / 1e6))];
                    return true;
                }
                let link = ctx.link().clone();
                browser::read_text(&file, move |text| link.send_message(Message::Text(text)));
                return false;
            }
            Message::Text(Ok(text)) => {
                self.store.asked = Some(MINE.to_owned());
                self.send(Command::Open { text, variant: None, at: 0 });
            }
            Message::Text(Err(why)) => self.store.problems = vec![unreadable(why)],
            Message::Drag(over) => {
                let changed = self.dragging != over;
                self.dragging = over;
                return changed;
            }
            Message::Download(name, text) => {
                if browser::download(&name, &text).is_err() {
                    self.store.problems = vec![unreadable("the browser refused the download".to_owned())];
                }
            }
            Message::ShowFile => self.file_shown = !self.file_shown,
            Message::ShowHelp => self.help_shown = !self.help_shown,
            Message::CloseProblems => self.store.problems.clear(),
            Message::Reset => {
                if let Some(Route::Lab(id)) = self.store.route.clone()
                    && let Some(shipped) = catalog::find(&id)
                {
                    browser::forget(&key_of(&id));
                    self.store.asked = Some(id);
                    self.send(Command::Open { text: shipped.text.to_owned(), variant: None, at: self.store.frame.now });
                }
            }
            Message::Leave => {
                self.keep();
                return false;
            }
        }
        true
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        let on = &self.callbacks;
        let route = self.store.route.clone().unwrap_or(Route::Gallery);
        let frame = &self.store.frame;
        let in_lab = matches!(route, Route::Lab(_)) && self.is_open(&route);
        let attribute = |value: String| in_lab.then_some(value);
        html! {
            <div class={classes!("app", self.dragging.then_some("dragging"))} data-time-ms={attribute((frame.now as f64 / 1e6).to_string())}
                data-playing={attribute(frame.playing.to_string())} data-fingerprint={attribute(frame.fingerprint.clone())}
                data-seeking={attribute(frame.seeking.is_some().to_string())}
                data-variant={attribute(self.store.about.as_ref().and_then(|about| about.variant.clone()).unwrap_or("base".to_owned()))}>
                <Header route={route.clone()} theme={self.theme} on_theme={on.theme.clone()} on_import={on.import.clone()}
                    on_file={on.show_file.clone()} on_help={on.show_help.clone()} />
                if let Some(fault) = &self.store.fault { { self.fault(fault) } }
                if !self.store.problems.is_empty() {
                    <Problems problems={self.store.problems.clone()} on_close={on.close_problems.clone()} />
                }
                if self.help_shown { <Help on_close={on.show_help.clone()} /> }
                { match route {
                    Route::Gallery => self.gallery(),
                    Route::Lab(id) => self.lab(&id),
                } }
                if self.dragging { <div class="drop" aria-hidden="true">{ "Drop the scenario file" }</div> }
            </div>
        }
    }
}

impl App {
    fn send(&self, command: Command) {
        if let Some(link) = &self.link {
            link.send(&command);
        }
    }

    fn answer(&mut self, answer: Answer) -> bool {
        let of_line = matches!(answer, Answer::Frame(_) | Answer::Digest(_));
        let change = self.store.take(answer);
        if of_line {
            self.send(Command::Taken);
        }
        match change {
            Change::Nothing => return false,
            Change::Opened => {
                // A file of the visitor's own gets its address when it turns out to be whole.
                if self.store.open.as_deref() == Some(MINE) && self.store.route != Some(Route::Lab(MINE.to_owned())) {
                    self.keep_text();
                    browser::set_hash(&Route::Lab(MINE.to_owned()).hash());
                }
                self.keep_text();
                self.show_title();
            }
            Change::Frame => {
                let now = js_sys::Date::now();
                if self.store.frame.seeking.is_none() && (!self.store.frame.playing || now - self.kept_at > 2_000.0) {
                    self.kept_at = now;
                    self.keep();
                }
            }
            Change::Refused | Change::Other => {}
        }
        true
    }

    /// Follows the address: opens what it names, with the work that was kept of it.
    fn go(&mut self) {
        self.keep();
        let route = Route::parse(&browser::hash());
        self.store.route = Some(route.clone());
        self.store.lit = None;
        self.store.problems.clear();
        self.file_shown = false;
        self.show_title();
        self.send(Command::Gallery { shown: route == Route::Gallery });
        match &route {
            Route::Gallery => {
                // Behind the title the first scenario runs.
                if let Some(first) = catalog::SCENARIOS.first() {
                    self.store.asked = Some(String::new());
                    self.send(Command::Open { text: first.text.to_owned(), variant: None, at: 0 });
                    if !self.still {
                        self.send(Command::Speed(Some(10.0)));
                        self.send(Command::Play);
                    }
                }
            }
            Route::Lab(id) if self.store.open.as_deref() == Some(id) => {}
            Route::Lab(id) => {
                let kept = browser::kept(&key_of(id)).and_then(|text| serde_json::from_str::<Kept>(&text).ok());
                let shipped = catalog::find(id).map(|scenario| Kept { text: scenario.text.to_owned(), variant: None, at: 0 });
                match kept.or(shipped) {
                    Some(kept) => {
                        self.store.asked = Some(id.clone());
                        self.send(Command::Speed(Some(10.0)));
                        self.send(Command::Open { text: kept.text, variant: kept.variant, at: kept.at });
                    }
                    None => {
                        self.store.problems =
                            vec![unreadable(format!("there is no scenario {id} here; open a file, or choose one of the gallery"))]
                    }
                }
            }
        }
    }

    fn is_open(&self, route: &Route) -> bool {
        matches!(route, Route::Lab(id) if self.store.open.as_deref() == Some(id)) && self.store.run().is_some()
    }

    fn keep(&self) {
        if let (Some(id), Some(work)) = (self.store.open.as_deref(), self.store.work())
            && !id.is_empty()
            && let Ok(text) = serde_json::to_string(&work)
        {
            browser::keep(&key_of(id), &text);
        }
    }

    /// At once when the text changes, before the first frame of it is there.
    fn keep_text(&self) {
        if let (Some(id), Some(about)) = (self.store.open.as_deref(), &self.store.about)
            && !id.is_empty()
        {
            let work = Kept { text: about.text.clone(), variant: about.variant.clone(), at: self.store.frame.now.min(about.duration) };
            if let Ok(text) = serde_json::to_string(&work) {
                browser::keep(&key_of(id), &text);
            }
        }
    }

    fn choose_theme(&mut self, theme: Theme) {
        self.theme = theme;
        self.dark = theme.is_dark(browser::media("(prefers-color-scheme: dark)"));
        browser::keep("laglab:theme", theme.name());
        self.show_theme();
    }

    /// The title of the window: what is open, for tabs, bookmarks and the history.
    fn show_title(&self) {
        match (&self.store.route, &self.store.about) {
            (Some(Route::Lab(_)), Some(about)) => browser::document().set_title(&format!("{} · laglab", about.title)),
            (Some(Route::Lab(_) | Route::Gallery) | None, _) => browser::document().set_title("laglab: a Kafka you can break"),
        }
    }

    fn show_theme(&self) {
        browser::set_theme(match self.theme {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        });
    }

    fn key(&mut self, event: &KeyboardEvent) -> bool {
        let in_lab = self.store.route.as_ref().is_some_and(|route| self.is_open(route));
        let now = self.store.frame.now;
        let step = if event.shift_key() { 10 * SECOND } else { SECOND };
        let command = match event.key().as_str() {
            "?" => {
                self.help_shown = !self.help_shown;
                return true;
            }
            "t" => {
                self.choose_theme(self.theme.next());
                return true;
            }
            "Escape" => {
                self.help_shown = false;
                self.file_shown = false;
                self.store.lit = None;
                return true;
            }
            _ if !in_lab => return false,
            " " if self.store.frame.playing => Command::Pause,
            " " => Command::Play,
            "." => Command::Step,
            "ArrowLeft" => Command::Seek(now.saturating_sub(step)),
            "ArrowRight" => Command::Seek(now + step),
            "Home" => Command::Seek(0),
            "[" | "]" => match self.store.next_mark(event.key() == "]") {
                Some(at) => Command::Seek(at),
                None => return false,
            },
            "-" => Command::Speed(speed_of(stop_of(self.store.frame.speed).saturating_sub(3))),
            "+" | "=" => Command::Speed(speed_of((stop_of(self.store.frame.speed) + 3).min(FASTEST))),
            _ => return false,
        };
        event.prevent_default();
        self.send(command);
        true
    }

    fn gallery(&self) -> Html {
        let on = &self.callbacks;
        let running = self.store.run().filter(|_| self.store.open.as_deref() == Some(""));
        html! {
            <main class="front" id="content">
                <div class="hero">
                    <div class="claim">
                        <h1>{ "A Kafka you can break" }</h1>
                        <p>{ "A deterministic simulator of Kafka and of the systems around it, in this tab. Watch lag grow, drag time back, try another design on the same seed." }</p>
                        <p>
                            if let Some(first) = catalog::SCENARIOS.first() {
                                <a class="go" href={Route::Lab(first.id.to_owned()).hash()}>{ "Open the first scenario" }</a>
                            }
                        </p>
                    </div>
                    if let Some(about) = running {
                        <div class="behind">
                            <Stage about={about.clone()} frame={self.store.frame.clone()} still={self.still}
                                lit={self.store.lit.clone()} on_light={on.light.clone()} />
                        </div>
                    }
                </div>
                <Gallery cards={self.store.cards.clone()} pictures={self.store.pictures.clone()} />
            </main>
        }
    }

    fn lab(&self, id: &str) -> Html {
        let on = &self.callbacks;
        let route = Route::Lab(id.to_owned());
        let Some(about) = self.store.run().filter(|_| self.is_open(&route)) else {
            let words = if self.store.problems.is_empty() && self.store.fault.is_none() { "Opening the scenario…" } else { "" };
            return html! { <main class="lab waiting" id="content"><p role="status">{ words }</p></main> };
        };
        let changed = catalog::find(id).is_some_and(|shipped| shipped.text != about.text);
        html! {
            <>
                if self.file_shown {
                    <File about={about.clone()} name={id.to_owned()} on_close={on.show_file.clone()}
                        on_download={on.download.clone()} />
                }
                <Lab about={about.clone()} frame={self.store.frame.clone()} digest={self.store.digest.clone()} lit={self.store.lit.clone()}
                    dark={self.dark} still={self.still} {changed} on_command={on.command.clone()}
                    on_light={on.light.clone()} on_reset={on.reset.clone()} />
            </>
        }
    }

    fn fault(&self, fault: &str) -> Html {
        html! {
            <section class="card problems" role="alert">
                <header><h2>{ "The engine has stopped" }</h2></header>
                <p>{ fault.to_owned() }</p>
                <p class="sub">{ "This is a bug of laglab. Reload the page to go on; your file is kept. Please report the file and the moment." }</p>
            </section>
        }
    }
}

/// Keys that belong to what has the focus stay there.
fn is_ours(event: &KeyboardEvent) -> bool {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return false;
    }
    let Some(target) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else { return true };
    let tag = target.tag_name().to_lowercase();
    let writes =
        matches!(tag.as_str(), "textarea" | "select") || target.dyn_ref::<HtmlElement>().is_some_and(HtmlElement::is_content_editable);
    let slides = tag == "input" && matches!(event.key().as_str(), "ArrowLeft" | "ArrowRight" | "Home");
    let presses = (matches!(tag.as_str(), "button" | "a" | "summary") || target.get_attribute("role").as_deref() == Some("button"))
        && matches!(event.key().as_str(), " " | "Enter");
    !writes && !slides && !presses
}

fn key_of(id: &str) -> String {
    format!("laglab:work:{id}")
}

/// A problem that has no place in a file.
fn unreadable(message: String) -> Problem {
    Problem { line: 0, column: 0, length: 1, source: String::new(), message, help: String::new() }
}
