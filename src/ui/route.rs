//! Where the visitor is, as the part of the address after `#`: works under any path and without a server.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Gallery,
    /// A scenario of the catalogue by its id, or the visitor's own file: `mine`.
    Lab(String),
}

/// The id under which a file stands that the visitor brought.
pub const MINE: &str = "mine";

impl Route {
    pub fn parse(hash: &str) -> Route {
        match hash.trim_start_matches('#').trim_matches('/').split_once('/') {
            Some(("lab", id)) if !id.is_empty() => Route::Lab(id.to_owned()),
            Some(_) | None => Route::Gallery,
        }
    }

    pub fn hash(&self) -> String {
        match self {
            Route::Gallery => "#/".to_owned(),
            Route::Lab(id) => format!("#/lab/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_goes_both_ways() {
        for route in [Route::Gallery, Route::Lab("hot-key".into()), Route::Lab(MINE.into())] {
            assert_eq!(Route::parse(&route.hash()), route);
        }
        for odd in ["", "#", "#/lab/", "#/lab", "#/elsewhere/x", "#%%%"] {
            assert_eq!(Route::parse(odd), Route::Gallery, "{odd}");
        }
    }
}
