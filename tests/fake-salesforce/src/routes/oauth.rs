//! `POST /services/oauth2/token`.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Form,
    extract::{ConnectInfo, State},
    http::{HeaderMap, header},
    response::Response,
};
use serde_json::json;

use super::{Struck, nothing, split};
use crate::{
    answers::Answer,
    connection::Cut,
    faults::{Effect, Surface},
    request_log::{Call, CallKind},
    state::Shared,
    token,
};

pub(super) async fn token(
    State(shared): State<Shared>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let effect = shared.lock().faults.strike_request(Surface::Token);
    if let Some(Effect::Delay { milliseconds }) = effect {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
    let (before, after) = split(effect);
    let struck = before.unwrap_or_else(|| {
        let answer = issue(&shared, &form, &headers);
        after.unwrap_or(Struck::Answer(answer))
    });
    let status = match &struck {
        Struck::Answer(answer) => Some(answer.status),
        Struck::Dropped => None,
    };
    shared.lock().calls.push(Call { kind: CallKind::Token, object: None, rows: 0, status });
    match struck {
        Struck::Answer(answer) => answer.into_response(),
        Struck::Dropped => {
            cut.now();
            nothing()
        }
    }
}

fn issue(shared: &Shared, form: &HashMap<String, String>, headers: &HeaderMap) -> Answer {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let mut state = shared.lock();
    if let Err((error, description)) = token::check(&state.token_policy, form, authorization) {
        return Answer::json(400, json!({ "error": error, "error_description": description }));
    }
    state.tokens_issued += 1;
    let access_token = format!("00D000000000001!fake.{}", state.tokens_issued);
    state.tokens.insert(access_token.clone());
    let id = format!("{}/id/00D000000000001AAA/005000000000001AAA", shared.url);
    let mut body = json!({
        "access_token": access_token, "instance_url": &*shared.url, "id": id, "token_type": "Bearer", "scope": "api",
    });
    if form.get("grant_type").is_some_and(|grant| grant == "client_credentials") {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        body["issued_at"] = now.as_millis().to_string().into();
        body["signature"] = "ZmFrZQ==".into();
    }
    Answer::json(200, body)
}
