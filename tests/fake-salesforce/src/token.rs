//! Who gets a token (reference/salesforce.md §1).

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use crate::options::TokenPolicy;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// An OAuth error: its name and its description.
pub(crate) type Refusal = (&'static str, &'static str);

/// Checks a token request: its form, and its `Authorization` header.
pub(crate) fn check(
    policy: &TokenPolicy,
    form: &HashMap<String, String>,
    authorization: Option<&str>,
) -> Result<(), Refusal> {
    match form.get("grant_type").map(String::as_str) {
        Some(JWT_BEARER) => check_assertion(policy, form.get("assertion").map_or("", String::as_str)),
        Some("client_credentials") => check_client(policy, form, authorization),
        _ => Err(("unsupported_grant_type", "grant type not supported")),
    }
}

fn check_client(
    policy: &TokenPolicy,
    form: &HashMap<String, String>,
    authorization: Option<&str>,
) -> Result<(), Refusal> {
    let in_form = || Some((form.get("client_id")?.clone(), form.get("client_secret")?.clone()));
    let (id, secret) =
        authorization.and_then(basic).or_else(in_form).ok_or(("invalid_request", "client credentials required"))?;
    if !allows(policy.client_id.as_ref(), &id) {
        return Err(("invalid_client_id", "client identifier invalid"));
    }
    if !allows(policy.client_secret.as_ref(), &secret) {
        return Err(("invalid_client", "invalid client credentials"));
    }
    Ok(())
}

fn basic(authorization: &str) -> Option<(String, String)> {
    let decoded = BASE64_STANDARD.decode(authorization.strip_prefix("Basic ")?).ok()?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn check_assertion(policy: &TokenPolicy, assertion: &str) -> Result<(), Refusal> {
    let claims = read(assertion, policy.public_key.as_deref()).ok_or(("invalid_grant", "invalid assertion"))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if !allows(policy.client_id.as_ref(), text("iss")) {
        return Err(("invalid_client_id", "client identifier invalid"));
    }
    if !allows(policy.username.as_ref(), text("sub")) {
        return Err(("invalid_grant", "user hasn't approved this consumer"));
    }
    if !policy.audiences.iter().any(|audience| audience == text("aud")) {
        return Err(("invalid_grant", "Audience validation failed"));
    }
    // Some clients send it as a string, or in milliseconds: then it is in a far future.
    let expires = claims.get("exp").and_then(|exp| exp.as_f64().or_else(|| exp.as_str()?.parse().ok()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    if expires.unwrap_or_default() < now.as_secs_f64() {
        return Err(("invalid_grant", "expired authorization code"));
    }
    Ok(())
}

/// The claims, if the signature is right. Without a key, any is.
fn read(assertion: &str, public_key: Option<&str>) -> Option<Map<String, Value>> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let key = if let Some(pem) = public_key {
        DecodingKey::from_rsa_pem(pem.as_bytes()).ok()?
    } else {
        validation.insecure_disable_signature_validation();
        DecodingKey::from_secret(&[])
    };
    jsonwebtoken::decode(assertion, &key, &validation).ok().map(|token| token.claims)
}

fn allows(expected: Option<&String>, given: &str) -> bool {
    !given.is_empty() && expected.is_none_or(|expected| expected == given)
}
