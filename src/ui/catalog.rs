//! The scenarios that the page carries, in the order of the gallery.

/// One file of `scenarios/`.
pub struct Embedded {
    /// The name of the file without `.yaml`, and the address in the page.
    pub id: &'static str,
    /// The heading under which it stands.
    pub theme: &'static str,
    pub text: &'static str,
}

pub const SCENARIOS: &[Embedded] = &[];

pub fn find(id: &str) -> Option<&'static Embedded> {
    SCENARIOS.iter().find(|scenario| scenario.id == id)
}
