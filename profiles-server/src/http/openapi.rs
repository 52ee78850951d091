//! The final slash in the generated document.

use std::collections::HashMap;

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};

/// Operations whose documented paths end in a slash, as the contract has them: poem-openapi's macro drops it. The
/// routes stay as they are; the contract takes the slash off before it calls them.
pub(crate) struct Slashed<T>(pub(crate) T);

impl<T: OpenApi> OpenApi for Slashed<T> {
    fn meta() -> Vec<MetaApi> {
        let mut apis = T::meta();
        for path in apis.iter_mut().flat_map(|api| api.paths.iter_mut()) {
            if !path.path.ends_with('/') {
                path.path.push('/');
            }
        }
        apis
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        self.0.add_routes(routes);
    }
}
