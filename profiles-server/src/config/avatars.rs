//! Pictures of people.

use super::{choice::choice, setting::settings};

settings! {
    /// Pictures of people.
    pub struct Avatars {
        /// Whether people may show pictures of themselves: "on" or "off", where those that are there are not shown.
        "avatars" => allowed: Allowed = Allowed::On;
        /// Bytes that the file of a picture may have.
        "avatar_max_bytes" => max_bytes: usize = 5_000_000, 1024..=100_000_000;
        /// Pixels that a picture may have, width times height. Two are decoded at a time, each with up to 12 bytes a pixel.
        "avatar_max_pixels" => max_pixels: u64 = 25_000_000, 10_000..=500_000_000;
        /// Side of the large square that is made of a picture, in pixels. What was made before stays as it is.
        "avatar_large" => large: u32 = 512, 16..=2048;
        /// Side of the small square.
        "avatar_small" => small: u32 = 96, 16..=2048;
    }
}

choice! {
    /// Whether there are pictures.
    pub enum Allowed {
        /// There are.
        On = "on",
        /// There are none.
        Off = "off",
    }
}
