//! The signed assertion of the JWT bearer flow (reference/salesforce.md §1.1).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// How long an assertion is good for. It bounds the assertion only, not the token; Salesforce's samples use five minutes,
/// and less leaves more room for a clock that is ahead.
const LIFETIME: Duration = Duration::from_mins(4);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: u64,
}

pub(crate) fn sign(
    client_id: &str,
    username: &str,
    audience: &str,
    private_key: &EncodingKey,
) -> Result<String, jsonwebtoken::errors::Error> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let claims = Claims { iss: client_id, sub: username, aud: audience, exp: (now + LIFETIME).as_secs() };
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, private_key)
}
