//! Disconnects: sent once, and every ending told apart.

use std::time::Duration;

use fake_genesys_cloud::conversations::DisconnectBehavior;
use fake_genesys_cloud::faults::{Effect, Fault};
use genesys_cloud::api::{
    ApiError, BaseUrl, Deadline, DisconnectAnswer, DisconnectRequest, PermanentError, RetryableError, Settings,
};
use serde_json::json;

use crate::support::{
    CONVERSATION, answering, api_requests, client_with, disconnect, disconnect_of, good_credentials, has_ended,
    in_time, look, settings, start, unknown,
};

#[tokio::test]
async fn an_accepted_one_has_a_correlation_id() {
    let (fake, client) = start().await;
    let disconnection = disconnect(&client).await;
    assert_eq!(disconnection.answer, DisconnectAnswer::Accepted);
    assert!(disconnection.answer.may_have_taken_effect());
    assert!(disconnection.correlation_id.is_some());
    assert!(has_ended(&fake));
}

#[tokio::test]
async fn one_whose_connection_is_not_made_in_time_is_known_not_to_be_sent() {
    let (fake, _) = start().await;
    // Nobody is there to shake hands.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let api_url = BaseUrl::parse(&format!("https://{}", silent.local_addr().unwrap())).unwrap();
    let client = client_with(Settings { api_url, ..settings(&fake.url()) }, good_credentials());
    let request = DisconnectRequest {
        conversation_id: CONVERSATION,
        send_by: Deadline::after(Duration::from_millis(500)),
        answer_by: Deadline::after(Duration::from_secs(3)),
    };
    let answer = client.disconnect(request).await.answer;
    let not_connected = ApiError::Retryable(RetryableError::NoConnection { operation: "disconnecting a conversation" });
    assert_eq!(answer, DisconnectAnswer::NotSent(not_connected));
}

#[tokio::test]
async fn accepted_is_not_done() {
    let (fake, client) = start().await;
    fake.conversations().on_disconnect(CONVERSATION, DisconnectBehavior::Never);
    assert_eq!(disconnect(&client).await.answer, DisconnectAnswer::Accepted);
    assert_eq!(look(&client).await.unwrap().get("endTime"), None);
}

#[tokio::test]
async fn refusals_are_told_apart_and_none_is_repeated() {
    let (fake, client) = start().await;
    let answer = disconnect_of(&client, "5d1f3a52-0000").await.answer;
    assert!(matches!(&answer, DisconnectAnswer::NotFound(error) if error.status == 404), "{answer:?}");

    fake.conversations().on_disconnect(CONVERSATION, DisconnectBehavior::Conflict);
    let answer = disconnect(&client).await.answer;
    assert!(matches!(&answer, DisconnectAnswer::Conflict(error) if error.status == 409), "{answer:?}");

    for (status, expected) in [
        (410, "NotFound"),
        (400, "Conflict"),
        (422, "Refused"),
        (500, "ServerError"),
        (502, "ServerError"),
        (503, "ServerError"),
        (408, "ServerError"),
        (302, "ServerError"),
    ] {
        fake.faults().add(answering("POST", status, &[], "<html>no</html>".into()));
        let disconnection = disconnect(&client).await;
        assert!(format!("{:?}", disconnection.answer).starts_with(expected), "{status}: {disconnection:?}");
        assert_eq!(disconnection.answer.may_have_taken_effect(), expected == "ServerError");
        assert!(disconnection.correlation_id.is_some());
    }

    let message = "You are missing the following permission(s): [conversation:communication:disconnect]";
    fake.faults().add(answering("POST", 403, &[], json!({ "code": "missing.permissions", "message": message })));
    let answer = disconnect(&client).await.answer;
    let DisconnectAnswer::Refused(ApiError::Permanent(PermanentError::MissingPermission { permission, .. })) = answer
    else {
        panic!("{answer:?}")
    };
    assert_eq!(permission, "conversation:communication:disconnect");
    assert_eq!(api_requests(&fake), 11);
    assert!(!has_ended(&fake));
}

#[tokio::test]
async fn a_rate_limited_one_goes_back_to_the_caller() {
    let (fake, client) = start().await;
    fake.faults().add(answering("POST", 429, &[("Retry-After", "90")], json!({ "code": "too.many.requests" })));
    let answer = disconnect(&client).await.answer;
    let DisconnectAnswer::RateLimited { retry_after, answer } = answer else { panic!("{answer:?}") };
    assert_eq!((retry_after, answer.code.as_deref()), (Some(Duration::from_secs(90)), Some("too.many.requests")));
    assert_eq!(api_requests(&fake), 1);

    // Nobody asks before that time: this would come too late.
    let answer = disconnect(&client).await.answer;
    let DisconnectAnswer::NotSent(ApiError::Retryable(RetryableError::NoRoom { opens_in, .. })) = answer else {
        panic!("{answer:?}")
    };
    assert!(opens_in.unwrap() > Duration::from_secs(30));
    assert_eq!(api_requests(&fake), 1);
}

#[tokio::test]
async fn one_without_an_answer_counts_as_sent_whether_it_was_handled_or_not() {
    for (effect, handled) in [(Effect::Drop, false), (Effect::DropAfterwards, true)] {
        let (fake, client) = start().await;
        look(&client).await.unwrap();
        fake.faults().add(Fault::with("POST", "/api", effect));
        let answer = disconnect(&client).await.answer;
        assert!(unknown(&answer) && answer.may_have_taken_effect(), "{answer:?}");
        assert_eq!(has_ended(&fake), handled);
        assert_eq!(api_requests(&fake), 2, "repeated");
    }
}

#[tokio::test]
async fn one_that_times_out_counts_as_sent() {
    let (fake, client) = start().await;
    look(&client).await.unwrap();
    fake.faults().add(Fault::delay("POST", "/api", 600_000));
    let answer_by = Deadline::after(Duration::from_secs(1));
    let request = DisconnectRequest { conversation_id: CONVERSATION, send_by: in_time(), answer_by };
    let answer = client.disconnect(request).await.answer;
    assert_eq!(answer, DisconnectAnswer::Unknown { how: "the time was up" });
    assert_eq!(api_requests(&fake), 2);
}

#[tokio::test]
async fn what_was_not_sent_is_known_not_to_be() {
    let (fake, client) = start().await;
    look(&client).await.unwrap();
    let too_late = DisconnectRequest {
        conversation_id: CONVERSATION,
        send_by: Deadline::after(Duration::ZERO),
        answer_by: in_time(),
    };
    let answer = client.disconnect(too_late).await.answer;
    assert!(matches!(&answer, DisconnectAnswer::NotSent(ApiError::Retryable(_))), "{answer:?}");

    let answer = disconnect_of(&client, "").await.answer;
    let not_an_id = PermanentError::NotAnId { operation: "disconnecting a conversation" };
    assert_eq!(answer, DisconnectAnswer::NotSent(not_an_id.into()));

    // The login answers, but nobody is at home at the API.
    let nobody = BaseUrl::parse("http://127.0.0.1:1").unwrap();
    let client = client_with(Settings { api_url: nobody, ..settings(&fake.url()) }, good_credentials());
    let answer = disconnect(&client).await.answer;
    let no_connection = RetryableError::NoConnection { operation: "disconnecting a conversation" };
    assert_eq!(answer, DisconnectAnswer::NotSent(no_connection.into()));
    assert!(!answer.may_have_taken_effect());
    assert_eq!(api_requests(&fake), 1);
    assert!(!has_ended(&fake));
}
