//! A client of the WebDriver protocol, as much of it as the walk needs: <https://www.w3.org/TR/webdriver2/>.
//!
//! ChromeDriver speaks plain HTTP on this machine, so a socket is all it takes.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any wait of a test, so that a stuck browser fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(120);
/// The name under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window. Closed when dropped.
pub struct Browser {
    driver: String,
    session: String,
}

/// A handle of an element in the browser.
#[derive(Clone, Debug)]
pub struct Element(String);

/// What the driver said instead of an answer: the protocol's error code and its message.
#[derive(Debug)]
pub struct Refusal {
    pub code: String,
    pub message: String,
}

impl Browser {
    /// Opens a browser as `cargo site test` describes it in the environment.
    pub fn open() -> Self {
        let driver = setting("LAGLAB_DRIVER");
        let wanted: Value = serde_json::from_str(&setting("LAGLAB_CAPABILITIES")).expect("the capabilities are JSON");
        let answer = command(&driver, "POST", "/session", &json!({ "capabilities": { "alwaysMatch": wanted } }));
        let session = answer.expect("a browser opens")["sessionId"].as_str().expect("a session has an id").to_owned();
        Browser { driver, session }
    }

    fn command(&self, method: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
        command(&self.driver, method, &format!("/session/{}{path}", self.session), body)
    }

    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        self.command(method, path, body).unwrap_or_else(|refusal| panic!("{method} {path}: {}: {}", refusal.code, refusal.message))
    }

    pub fn go(&self, address: &str) {
        self.done("POST", "/url", &json!({ "url": address }));
    }

    pub fn reload(&self) {
        self.done("POST", "/refresh", &json!({}));
    }

    pub fn title(&self) -> String {
        self.done("GET", "/title", &Value::Null).as_str().expect("a title is text").to_owned()
    }

    /// Makes the window as wide and high as a visitor's screen, in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) {
        // Headless Chromium has no frame, yet it keeps windows at 500 pixels at least: a phone needs the emulation.
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.done("POST", "/goog/cdp/execute", &json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics }));
    }

    /// Runs a script in the page and answers what it returns.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.done("POST", "/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    pub fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.done("POST", "/elements", &json!({ "using": "css selector", "value": selector }));
        let ids = found.as_array().into_iter().flatten().filter_map(|element| element[ELEMENT].as_str());
        ids.map(|id| Element(id.to_owned())).collect()
    }

    pub fn click(&self, element: &Element) {
        self.done("POST", &format!("/element/{}/click", element.0), &json!({}));
    }

    /// Types into an element; for a file input the text is the path of the file.
    pub fn type_into(&self, element: &Element, text: &str) {
        self.done("POST", &format!("/element/{}/value", element.0), &json!({ "text": text }));
    }

    /// Presses and releases a key wherever the focus is. Keys without a letter have code points, as in [`keys`].
    pub fn press(&self, key: &str) {
        let actions = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.done("POST", "/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// Moves the mouse to a place of the element (from its middle, in CSS pixels), and drags to another one.
    pub fn drag(&self, element: &Element, from: (i32, i32), to: (i32, i32)) {
        let place = |(x, y): (i32, i32)| json!({ "type": "pointerMove", "duration": 50, "origin": { ELEMENT: element.0 }, "x": x, "y": y });
        let actions = json!([place(from), { "type": "pointerDown", "button": 0 }, place(to), { "type": "pointerUp", "button": 0 }]);
        self.done("POST", "/actions", &json!({ "actions": [{ "type": "pointer", "id": "mouse", "actions": actions }] }));
    }

    pub fn attribute(&self, element: &Element, name: &str) -> Option<String> {
        let value = self.done("GET", &format!("/element/{}/attribute/{name}", element.0), &Value::Null);
        value.as_str().map(str::to_owned)
    }

    /// What a visitor reads in an element.
    pub fn text(&self, element: &Element) -> String {
        self.done("GET", &format!("/element/{}/text", element.0), &Value::Null).as_str().expect("text is text").to_owned()
    }

    pub fn is_shown(&self, element: &Element) -> bool {
        self.done("GET", &format!("/element/{}/displayed", element.0), &Value::Null) == Value::Bool(true)
    }

    /// The words a screen reader says for an element: its role and its name.
    pub fn spoken(&self, element: &Element) -> (String, String) {
        let ask = |what: &str| self.done("GET", &format!("/element/{}/computed{what}", element.0), &Value::Null);
        let [role, name] = ["role", "label"].map(|what| ask(what).as_str().unwrap_or_default().to_owned());
        (role, name)
    }

    /// Every warning and error of the console since the last call, of the page, its worker, its policy and its files.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.done("POST", "/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().cloned().unwrap_or_default();
        let complaints = entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        complaints.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A picture of the window as PNG.
    pub fn picture(&self) -> Vec<u8> {
        from_base64(self.done("GET", "/screenshot", &Value::Null).as_str().expect("a picture is base64"))
    }

    /// Cuts the browser off from every network, or connects it again.
    pub fn set_offline(&self, offline: bool) {
        let conditions = json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.done("POST", "/goog/cdp/execute", &json!({ "cmd": "Network.enable", "params": {} }));
        self.done("POST", "/goog/cdp/execute", &json!({ "cmd": "Network.emulateNetworkConditions", "params": conditions }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The test has its result: a browser that does not close is ended with its driver.
        drop(self.command("DELETE", "", &Value::Null));
    }
}

pub mod keys {
    pub const ARROW_LEFT: &str = "\u{e012}";
    pub const ARROW_RIGHT: &str = "\u{e014}";
    pub const SPACE: &str = " ";
}

/// What the walk is given by `cargo site test`.
pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: this test is run by `cargo site test walk`"))
}

fn command(driver: &str, method: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
    let (status, text) = exchange(driver, method, path, body).unwrap_or_else(|error| panic!("the driver does not answer {path}: {error}"));
    let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("the driver answers {path} with {text}"));
    let value = answer["value"].take();
    if status == 200 {
        return Ok(value);
    }
    let [code, message] = ["error", "message"].map(|field| value[field].as_str().unwrap_or_default().to_owned());
    Err(Refusal { code, message })
}

/// Four letters of 6 bits are three bytes of 8.
fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values = text.bytes().filter_map(|byte| LETTERS.iter().position(|letter| *letter == byte));
    let bits: Vec<u8> = values.flat_map(|value| (0..6).rev().map(move |place| (value >> place & 1) as u8)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit)).collect()
}

fn exchange(driver: &str, method: &str, path: &str, body: &Value) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(driver)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {driver}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    // The driver keeps the line open whatever it is asked, so the length says where an answer ends.
    let mut answer = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        answer.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.to_ascii_lowercase());
    }
    let status = head.first().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
    let length = head.iter().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    let mut text = vec![0; length];
    answer.read_exact(&mut text)?;
    Ok((status, String::from_utf8_lossy(&text).into_owned()))
}
