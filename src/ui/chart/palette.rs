//! The colours of charts, the same as in `static/laglab.css`: a canvas cannot read classes. A test holds them together.

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

#[derive(Debug, PartialEq)]
pub struct Palette {
    pub card: Rgb,
    pub ink: Rgb,
    pub muted: Rgb,
    pub line: Rgb,
    pub producer: Rgb,
    /// Lag, and lag that is too much.
    pub lag: Rgb,
    pub hot: Rgb,
    /// Lines that do not stand out.
    pub quiet: Rgb,
    pub median: Rgb,
    pub bad: Rgb,
    pub groups: [Rgb; 4],
}

pub const LIGHT: Palette = Palette {
    card: (0xff, 0xfe, 0xfb),
    ink: (0x1d, 0x24, 0x28),
    muted: (0x5f, 0x68, 0x6d),
    line: (0xe3, 0xdf, 0xd6),
    producer: (0x00, 0x72, 0xb2),
    lag: (0xe6, 0x9f, 0x00),
    hot: (0xd5, 0x5e, 0x00),
    quiet: (0x9a, 0xa3, 0xa7),
    median: (0x00, 0x79, 0x5a),
    bad: (0xb9, 0x3a, 0x09),
    groups: [(0x00, 0x9e, 0x73), (0x5b, 0x4d, 0xb0), (0x8a, 0x8a, 0x00), (0x3f, 0x8f, 0xc4)],
};

pub const DARK: Palette = Palette {
    card: (0x1a, 0x20, 0x24),
    ink: (0xee, 0xeb, 0xe4),
    muted: (0x9d, 0xa7, 0xac),
    line: (0x32, 0x3a, 0x40),
    producer: (0x56, 0xb4, 0xe9),
    lag: (0xf0, 0xb4, 0x29),
    hot: (0xff, 0x7a, 0x1a),
    quiet: (0x6b, 0x76, 0x7c),
    median: (0x3c, 0xc7, 0x9c),
    bad: (0xff, 0x8a, 0x5c),
    groups: [(0x2f, 0xc9, 0x97), (0xa5, 0x98, 0xf0), (0xc9, 0xc2, 0x3f), (0x7c, 0xc4, 0xf5)],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_has_the_same_colours() {
        let css = include_str!("../../../static/laglab.css").to_lowercase();
        for palette in [&LIGHT, &DARK] {
            let colors = [palette.card, palette.ink, palette.muted, palette.line, palette.producer, palette.lag, palette.hot, palette.bad];
            for (r, g, b) in colors {
                let hex = format!("#{r:02x}{g:02x}{b:02x}");
                assert!(css.contains(&hex), "the stylesheet has no {hex}");
            }
        }
    }
}
