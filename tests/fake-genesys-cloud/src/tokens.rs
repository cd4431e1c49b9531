//! Access tokens of the client-credentials grant (reference/genesys-cloud.md §4).

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use uuid::Uuid;

use crate::state::lock;

/// The tokens that were issued, with the times at which they expire (epoch milliseconds).
#[derive(Debug, Default)]
pub struct Tokens(Mutex<HashMap<String, i64>>);

impl Tokens {
    /// Makes every token issued so far invalid.
    pub fn expire_all(&self) {
        lock(&self.0).clear();
    }

    pub(crate) fn issue(&self, now_ms: i64, life: Duration) -> String {
        let life_ms = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
        let token = format!("fake-token-{}", Uuid::new_v4().simple());
        lock(&self.0).insert(token.clone(), now_ms.saturating_add(life_ms));
        token
    }

    pub(crate) fn is_good(&self, token: &str, now_ms: i64) -> bool {
        let mut tokens = lock(&self.0);
        tokens.retain(|_, expires_ms| *expires_ms > now_ms);
        tokens.contains_key(token)
    }
}
