//! `profiles token`

use clap::{
    Args, Subcommand, ValueHint,
    builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser},
};
use profiles_api::Scope;

use super::{Expiry, manual::after_help};

/// What to do with personal access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token for a program, and print its key this once
    Create(Create),
    /// List one's own tokens
    List,
    /// End a token
    Revoke {
        /// Number of the token, as the list has it
        id: u64,
    },
}

#[derive(Debug, Args)]
#[command(after_help = after_help("profiles token create"))]
pub(crate) struct Create {
    /// What to call it, to know it again
    #[arg(value_hint = ValueHint::Other, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) name: Option<String>,
    /// What it may do, once for each; read alone if none is given
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope())]
    pub(crate) scopes: Vec<Scope>,
    /// When it ends by itself: after so many hours, days or weeks (12h, 90d, 8w), or at the beginning of a day or at a
    /// moment (2027-01-01, 2027-01-01T12:00:00Z); never if it is left out
    #[arg(long, value_name = "DURATION|DATE", value_hint = ValueHint::Other, value_parser = Expiry::parse)]
    pub(crate) expires: Option<Expiry>,
}

/// The name of a scope, and help and completions that list them.
fn scope() -> impl TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.map(Scope::as_str))
        .try_map(|name| Scope::ALL.into_iter().find(|scope| scope.as_str() == name).ok_or("there is no such scope"))
}
