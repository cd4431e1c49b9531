//! The client.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    api_usage::ApiUsage,
    credentials::CredentialSource,
    errors::{
        ApiError,
        call::{self, CallFailure},
    },
    results::{Unavailable, UpsertReport},
    retry::{Deadline, Patience, retry_outage_once},
    row::{Row, UpsertTarget},
    settings::Settings,
    token::{Session, Sessions},
    transport, upsert,
};

/// A connection to one org. Make one for the process and share it: it keeps the token.
pub struct Salesforce {
    http: reqwest::Client,
    settings: Settings,
    /// `Sforce-Call-Options`, by which the org's event logs recognise our calls.
    call_options: Option<HeaderValue>,
    sessions: Sessions,
    api_usage: Mutex<Option<ApiUsage>>,
}

/// The result of one row. Only `success` can be trusted: a row that was rolled back may carry an id and `created: true`.
#[derive(Debug, Deserialize)]
pub(crate) struct RowAnswer {
    pub(crate) success: bool,
    #[serde(default)]
    pub(crate) created: Option<bool>,
    #[serde(default)]
    pub(crate) errors: Option<Vec<ApiError>>,
}

impl Salesforce {
    /// A client that logs in with its first upsert. The time limits are those of [`Patience`], not those of `http`.
    pub fn new(http: reqwest::Client, settings: Settings, credentials: impl CredentialSource + 'static) -> Self {
        let sessions = Sessions::new(http.clone(), settings.login_url.clone(), Box::new(credentials));
        let call_options = HeaderValue::try_from(format!("client={}", settings.client_name)).ok();
        Self { http, settings, call_options, sessions, api_usage: Mutex::new(None) }
    }

    /// Upserts the rows by their keys, up to 200 a call. Of rows with the same key the last is written, and all of them get its
    /// result. Repeating an upsert is harmless. Never fails as a whole: see [`UpsertReport`].
    pub async fn upsert(&self, patience: Patience, target: &UpsertTarget, rows: &[Row]) -> UpsertReport {
        upsert::upsert(self, target, rows, Deadline::after(patience)).await
    }

    /// The use of the org's daily API allowance, as the last answer told it.
    pub fn api_usage(&self) -> Option<ApiUsage> {
        *self.api_usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One collections upsert of at most 200 records: one answer for each, in their order (reference/salesforce.md §2.2).
    /// An expired session is replaced once: `SessionExpired` means that the new one was refused too.
    pub(crate) async fn upsert_collection(
        &self,
        target: &UpsertTarget,
        records: Vec<Value>,
        deadline: Deadline,
    ) -> Result<Vec<RowAnswer>, CallFailure> {
        let collection = Collection::new(target, records);
        let session = self.sessions.current(deadline).await?;
        match self.send_in(&session, &collection, deadline).await {
            Err(CallFailure::SessionExpired) => {}
            other => return other,
        }
        let session = self.sessions.renewed(&session, deadline).await?;
        self.send_in(&session, &collection, deadline).await
    }

    /// Sends within a session, and forgets it where the fault may be its own: the rights of a token and the server it is for are
    /// settled when it is minted, and both may have been changed since (reference/salesforce.md §1.3).
    async fn send_in(
        &self,
        session: &Arc<Session>,
        collection: &Collection,
        deadline: Deadline,
    ) -> Result<Vec<RowAnswer>, CallFailure> {
        let answers = self.send_with_retry(collection, session, deadline).await;
        if matches!(answers, Err(CallFailure::Unavailable(Unavailable::Configuration { .. }))) {
            self.sessions.forget(session, deadline).await?;
        }
        answers
    }

    async fn send_with_retry(
        &self,
        collection: &Collection,
        session: &Session,
        deadline: Deadline,
    ) -> Result<Vec<RowAnswer>, CallFailure> {
        retry_outage_once(deadline, || self.send(collection, session, deadline)).await
    }

    async fn send(
        &self,
        collection: &Collection,
        session: &Session,
        deadline: Deadline,
    ) -> Result<Vec<RowAnswer>, CallFailure> {
        let base = format!("{}/services/data/{}", session.instance_url, self.settings.api_version);
        let mut request = self.http.patch(base + &collection.path).bearer_auth(&session.access_token);
        if let Some(call_options) = &self.call_options {
            request = request.header("Sforce-Call-Options", call_options);
        }
        let request = request.header(CONTENT_TYPE, "application/json").body(collection.body.clone());
        let answer = transport::exchange("upsert", request, deadline).await?;
        if answer.api_usage.is_some() {
            *self.api_usage.lock().unwrap_or_else(PoisonError::into_inner) = answer.api_usage;
        }
        if !answer.is_success() {
            return Err(call::judge(answer.status, &answer.body, answer.retry_after));
        }
        match serde_json::from_str::<Vec<RowAnswer>>(&answer.body) {
            Ok(answers) if answers.len() == collection.record_count => Ok(answers),
            // Results are matched by their place alone, so a list of another length tells nothing about any row.
            _ => Err(CallFailure::Unavailable(Unavailable::Outage {
                what: "upsert answered without one result for each row".to_owned(),
                retry_after: answer.retry_after,
            })),
        }
    }
}

/// A collections upsert, ready to be sent more than once.
struct Collection {
    /// Below `/services/data/vNN.0`.
    path: String,
    body: String,
    record_count: usize,
}

impl Collection {
    fn new(target: &UpsertTarget, records: Vec<Value>) -> Self {
        let record_count = records.len();
        let body = Map::from_iter([
            ("allOrNone".to_owned(), Value::Bool(false)),
            ("records".to_owned(), Value::Array(records)),
        ]);
        Self {
            path: format!("/composite/sobjects/{}/{}", target.object, target.external_id_field),
            body: Value::Object(body).to_string(),
            record_count,
        }
    }
}
