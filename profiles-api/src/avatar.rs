//! Pictures of people.

use serde::{Deserialize, Serialize};

/// The picture that one shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct Avatar {
    /// Address of the picture, or null if there is none.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub avatar: Option<String>,
}

/// Takes one's picture away. A picture is set by a form with a file instead.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(example))]
pub struct AvatarClear {
    /// Null.
    #[cfg_attr(feature = "openapi", oai(nullable))]
    pub avatar: Option<String>,
}

#[cfg(feature = "openapi")]
mod examples {
    use poem_openapi::types::Example;

    use super::{Avatar, AvatarClear};

    impl Example for Avatar {
        fn example() -> Self {
            let name = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef-large.jpg";
            Self { avatar: Some(format!("https://profiles.example/media/avatars/{name}")) }
        }
    }

    impl Example for AvatarClear {
        fn example() -> Self {
            Self::default()
        }
    }
}
