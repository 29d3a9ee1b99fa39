//! The scenarios that the page carries, in the order of the gallery.

/// One file of `scenarios/`.
pub struct Embedded {
    /// The name of the file without `.yaml`, and the address in the page.
    pub id: &'static str,
    /// The heading under which it stands.
    pub theme: &'static str,
    pub text: &'static str,
}

macro_rules! scenarios {
    ($($theme:literal: $($id:literal)+;)+) => {
        pub const SCENARIOS: &[Embedded] =
            &[$($(Embedded { id: $id, theme: $theme, text: include_str!(concat!("../../scenarios/", $id, ".yaml")) },)+)+];
    };
}

scenarios! {
    "Keys and partitions": "hot-key" "natural-key-order";
    "Groups and lag": "idle-consumer" "traffic-spike" "rebalance-storm";
    "Delivery": "commit-fails";
}

pub fn find(id: &str) -> Option<&'static Embedded> {
    SCENARIOS.iter().find(|scenario| scenario.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn every_scenario_of_the_folder_is_in_the_gallery_and_whole() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .expect("the folder is there")
            .filter_map(|entry| entry.expect("an entry can be read").file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
            .collect();
        let mut carried: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.id).collect();
        files.sort();
        carried.sort();
        assert_eq!(files, carried);
        for scenario in SCENARIOS {
            let parsed = Scenario::parse(scenario.id, scenario.text);
            assert!(parsed.is_ok_and(|parsed| parsed.about().question.is_some()), "{} is right and asks a question", scenario.id);
        }
    }
}
