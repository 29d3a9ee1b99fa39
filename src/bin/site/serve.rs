//! Serves the page while one works on it: no caching, the right types, built again and reloaded on a change.
//!
//! The files are kept in memory, so that a page is always wholly old or wholly new. A build that fails shows the
//! compiler's words in the terminal and leaves the last good page in place.

use crate::watch::Watch;
use crate::{Problem, build};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub const FIRST_PORT: u16 = 8080;
/// How many ports are tried when the first ones are taken.
const PORTS: u16 = 20;
/// Where the reloading script of a watched page listens.
const EVENTS: &str = "_reload";
const SCRIPT: &str = "_reload.js";
const RELOAD: &str = "\
let seen;
new EventSource('_reload').onmessage = ({ data }) => {
  if (seen !== undefined && seen !== data) location.reload();
  seen = data;
};
";

/// Builds, serves and watches until the program is interrupted.
pub fn serve(root: &Path, port: u16) -> Result<(), Problem> {
    let mut watch = Watch::new(root);
    let listener = listen(port)?;
    let address = format!("http://{}/", listener.local_addr().map_err(|error| error.to_string())?);
    let site = Arc::new(Site::new("/", true));
    let mut built = show(root, &site);
    let shown = Arc::clone(&site);
    thread::spawn(move || accept(&listener, &shown));
    loop {
        match built {
            Ok(page) => {
                page.announce();
                println!("Open {address}   (it reloads when a source changes; ctrl-c ends)");
            }
            Err(problem) => eprintln!("{problem}; {address} shows the last page that did. Waiting for a change."),
        }
        let changed = watch.wait();
        println!("{} changed.", changed.display());
        let begun = Instant::now();
        built = show(root, &site);
        if built.is_ok() {
            println!("Built in {:.1} s.", begun.elapsed().as_secs_f64());
        }
    }
}

/// Serves a built folder under `prefix` on a free port for as long as the program runs; answers its address.
pub fn background(folder: &Path, prefix: &str) -> Result<String, Problem> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("no port is free: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let site = Arc::new(Site::new(prefix, false));
    site.replace(load(folder)?);
    thread::spawn(move || accept(&listener, &site));
    Ok(format!("http://{address}{prefix}"))
}

fn show(root: &Path, site: &Site) -> Result<build::Page, Problem> {
    let page = build::build(root)?;
    site.replace(load(&page.folder)?);
    Ok(page)
}

fn listen(first: u16) -> Result<TcpListener, Problem> {
    for port in first..=first.saturating_add(PORTS) {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => println!("Port {port} is taken, the next one is tried."),
            Err(error) => return Err(format!("port {port} cannot be opened: {error}")),
        }
    }
    Err(format!("the ports {first} to {} are all taken: give another one with --port", first.saturating_add(PORTS)))
}

/// The files by their path below the prefix, and which build they are of.
type Files = BTreeMap<String, Vec<u8>>;

struct Site {
    prefix: String,
    watched: bool,
    shown: Mutex<Shown>,
    changed: Condvar,
}

struct Shown {
    files: Arc<Files>,
    build: u64,
}

impl Site {
    fn new(prefix: &str, watched: bool) -> Self {
        // A number from the clock, so that a page of an earlier run of this program reloads too.
        let build = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64);
        let unbuilt = "<head></head>The page has not been built yet: the terminal says why.";
        let files = Files::from([("index.html".to_owned(), unbuilt.as_bytes().to_vec())]);
        let shown = Mutex::new(Shown { files: Arc::new(files), build });
        Site { prefix: prefix.to_owned(), watched, shown, changed: Condvar::new() }
    }

    fn replace(&self, files: Files) {
        let mut shown = self.shown.lock().expect("nobody panics while holding the page");
        shown.files = Arc::new(files);
        shown.build += 1;
        self.changed.notify_all();
    }

    fn files(&self) -> Arc<Files> {
        Arc::clone(&self.shown.lock().expect("nobody panics while holding the page").files)
    }

    /// The number of the build, as soon as it is not `known`, or after a few seconds in any case.
    fn build_after(&self, known: u64) -> u64 {
        let shown = self.shown.lock().expect("nobody panics while holding the page");
        let waited = self.changed.wait_timeout_while(shown, Duration::from_secs(5), |shown| shown.build == known);
        waited.expect("nobody panics while holding the page").0.build
    }
}

fn load(folder: &Path) -> Result<Files, Problem> {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let failed = |error: std::io::Error| format!("{} cannot be read: {error}", next.display());
        for entry in next.read_dir().map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder).expect("what lies in a folder begins with its path");
                let name = below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
                files.insert(name, fs::read(&path).map_err(failed)?);
            }
        }
    }
    Ok(files)
}

fn accept(listener: &TcpListener, site: &Arc<Site>) {
    for stream in listener.incoming().flatten() {
        let site = Arc::clone(site);
        // A visitor who goes away in the middle is no error of the page.
        thread::spawn(move || drop(answer(&stream, &site)));
    }
}

fn answer(stream: &TcpStream, site: &Site) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.take(16 * 1024)).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    // The headers say nothing that changes the answer, yet they have to be read before it.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method != "GET" && method != "HEAD" {
        return respond(stream, "405 Method Not Allowed", "text/plain; charset=utf-8", b"only GET\n", true);
    }
    let with_body = method == "GET";
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let Some(path) = path.strip_prefix(&site.prefix) else {
        return respond(stream, "404 Not Found", "text/plain; charset=utf-8", b"not found\n", with_body);
    };
    if site.watched && path == EVENTS && with_body {
        return stream_builds(stream, site);
    }
    if site.watched && path == SCRIPT {
        return respond(stream, "200 OK", content_type(SCRIPT), RELOAD.as_bytes(), with_body);
    }
    let path = if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    let files = site.files();
    match files.get(&path) {
        Some(bytes) if site.watched && path == "index.html" => {
            let page = with_reloading(&String::from_utf8_lossy(bytes));
            respond(stream, "200 OK", content_type(&path), page.as_bytes(), with_body)
        }
        Some(bytes) => respond(stream, "200 OK", content_type(&path), bytes, with_body),
        None => respond(stream, "404 Not Found", "text/plain; charset=utf-8", b"not found\n", with_body),
    }
}

fn respond(mut stream: &TcpStream, status: &str, content_type: &str, body: &[u8], with_body: bool) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )?;
    if with_body {
        stream.write_all(body)?;
    }
    stream.flush()
}

/// Tells a page the number of its build, and every later one. Ends when the page goes away.
fn stream_builds(mut stream: &TcpStream, site: &Site) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n")?;
    let mut build = 0;
    loop {
        build = site.build_after(build);
        write!(stream, "retry: 500\ndata: {build}\n\n")?;
        stream.flush()?;
    }
}

fn with_reloading(page: &str) -> String {
    page.replacen("</head>", &format!("<script src=\"{SCRIPT}\"></script></head>"), 1)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "yaml" => "text/yaml; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(address: &str, path: &str) -> (String, String) {
        let host = address.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    #[test]
    fn a_folder_is_served_under_its_prefix_with_types_and_without_caching() {
        let folder = std::env::temp_dir().join(format!("laglab-serve-{}", std::process::id()));
        fs::create_dir_all(folder.join("scenarios")).unwrap();
        fs::write(folder.join("index.html"), "<head></head>hello").unwrap();
        fs::write(folder.join("scenarios/hot-key.yaml"), "title: x").unwrap();
        let address = background(&folder, "/some/where/").unwrap();
        fs::remove_dir_all(&folder).unwrap();

        let (head, body) = get(&address, "/some/where/");
        assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("text/html") && head.contains("no-store"), "{head}");
        assert_eq!(body, "<head></head>hello", "only a watched page is given the reloading script");
        let (head, body) = get(&address, "/some/where/scenarios/hot-key.yaml?x=1");
        assert!(head.contains("text/yaml"), "{head}");
        assert_eq!(body, "title: x");
        for outside in ["/", "/some/where/../secret", "/some/where/_reload.js", "/some/where/nothing"] {
            assert!(get(&address, outside).0.starts_with("HTTP/1.1 404"), "{outside}");
        }
    }

    #[test]
    fn a_watched_page_learns_of_each_build() {
        let site = Arc::new(Site::new("/", true));
        site.replace(Files::from([("index.html".to_owned(), b"<head></head>one".to_vec())]));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let shown = Arc::clone(&site);
        thread::spawn(move || accept(&listener, &shown));
        assert_eq!(get(&address, "/").1, "<head><script src=\"_reload.js\"></script></head>one");

        let stream = TcpStream::connect(address.trim_start_matches("http://").trim_end_matches('/')).unwrap();
        write!(&stream, "GET /_reload HTTP/1.1\r\n\r\n").unwrap();
        let mut builds = BufReader::new(&stream).lines().map(Result::unwrap).filter(|line| line.starts_with("data: "));
        let first = builds.next().unwrap();
        site.replace(Files::new());
        assert_ne!(builds.next().unwrap(), first);
    }
}
