//! Whether a dropped session can be resumed.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use end_to_end::sessions::{SessionWorld, ago};
use fake_genesys_cloud::faults::{Effect, Fault};
use fake_genesys_cloud::scenarios::{Messaging, Part};
use futures::future::try_join_all;
use local_stack::aws_front::faults::CrashPoint;
use reqwest::{Method, Response};
use serde_json::{Value, json};

const DECIDED: &str = "Session Resumption Decided";
/// More requests to AWS than a handshake makes.
const MOST_REQUESTS: usize = 30;
const AT_ONCE: usize = 4;
const NOTHING_TO_SAY: &str =
    r#"{"conversationState":"TERMINATED","decision":"NEW_ROUTING_REQUIRED","reason":"CONVERSATION_UNAVAILABLE"}"#;

fn dropped(id: &str, seconds: i64) -> Messaging {
    let customer = Part::new("customer", ago(900)).until(ago(seconds), "transport.failure").wrote(ago(800));
    Messaging::new(id, "webmessaging").with(customer).with(Part::new("agent", ago(850)).queue("sales"))
}

/// Makes a conversation of this id.
type Story = fn(&str) -> Messaging;

/// A customer's page is loaded anew while an agent is on it.
fn reloaded(id: &str) -> Messaging {
    Messaging::new(id, "open").with(Part::new("customer", ago(900))).with(Part::new("agent", ago(850)).queue("sales"))
}

fn shown(world: &SessionWorld, messaging: impl FnOnce(&str) -> Messaging) -> Result<(String, Messaging)> {
    let id = world.new_id();
    let messaging = messaging(&id);
    world.show(&messaging)?;
    Ok((id, messaging))
}

fn attributes(world: &SessionWorld, id: &str) -> Result<Value> {
    let conversation = world.genesys()?.conversations().get(id).context("no such conversation")?;
    Ok(conversation["participants"][0]["attributes"].clone())
}

#[tokio::test]
async fn however_many_tabs_reconnect_genesys_cloud_is_read_once_and_it_counts_once() -> Result<()> {
    let world = SessionWorld::new().await?;
    for (handshake, tabs) in [(1, 3), (2, 300)] {
        let (id, messaging) = shown(&world, |id| dropped(id, 100))?;
        world.genesys()?.requests().clear();
        let participant = messaging.participant_id(0);
        let answers = try_join_all((0..tabs).map(|_| world.ask(&id, &participant, &[]))).await?;
        let distinct: BTreeSet<_> = answers.iter().map(|(status, body)| format!("{status} {body}")).collect();
        assert_eq!((answers.len(), distinct.len()), (tabs, 1), "{distinct:?}");
        assert_eq!(answers[0].1["decision"], "RESUMABLE");
        assert_eq!(answers[0].1["conversationState"], "DISCONNECTED");
        assert_eq!(world.requests("GET", &id)?, 1, "handshake {handshake}");
        assert_eq!(world.requests("PATCH", "/attributes")?, 1);
        assert_eq!(attributes(&world, &id)?["resumptionCount"], "1");
        let time = attributes(&world, &id)?["lastResumptionTimestamp"].as_str().map(str::to_owned);
        assert!(time.context("no time")?.parse::<jiff::Timestamp>()? > ago(60));
        let outcomes = world.outcomes(DECIDED, &id);
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0]["resumptionCount"], 1);
    }
    Ok(())
}

#[tokio::test]
async fn what_nothing_may_be_said_of_is_answered_alike() -> Result<()> {
    let world = SessionWorld::with(&[("RESUMPTION_LOOK_LIMIT", "500ms")]).await?;
    let (id, messaging) = shown(&world, |id| dropped(id, 100))?;
    let unknown = world.new_id();
    let foreign = [messaging.participant_id(1), world.new_id()];
    let mut answers = vec![world.ask(&unknown, &messaging.participant_id(0), &[]).await?];
    for participant in &foreign {
        answers.push(world.ask(&id, participant, &[]).await?);
    }
    world.genesys()?.faults().add(Fault::delay("GET", "/api", 5_000));
    answers.push(world.ask(&id, &messaging.participant_id(0), &[]).await?);
    for (status, body) in answers {
        assert_eq!((status, body.to_string().as_str()), (200, NOTHING_TO_SAY));
    }
    assert_eq!(world.requests("PATCH", "/attributes")?, 0);
    Ok(())
}

#[tokio::test]
async fn an_idempotency_key_gets_its_answer_again_and_stands_for_one_request() -> Result<()> {
    let world = SessionWorld::new().await?;
    let (id, messaging) = shown(&world, |id| dropped(id, 100))?;
    let (other_id, other) = shown(&world, |id| dropped(id, 100))?;
    let key = [("Idempotency-Key", "3f0b5b39-tab-one")];
    let first = world.ask(&id, &messaging.participant_id(0), &key).await?;
    assert_eq!(world.ask(&id, &messaging.participant_id(0), &key).await?, first);
    let (status, problem) = world.ask(&other_id, &other.participant_id(0), &key).await?;
    assert_eq!((status, &problem["status"]), (422, &json!(422)), "{problem}");
    assert_eq!(world.requests("GET", &id)?, 1);
    Ok(())
}

#[tokio::test]
async fn problems_are_told_as_rfc_9457_has_them() -> Result<()> {
    let world = SessionWorld::new().await?;
    let json = [("content-type", "application/json")];
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2_000));
    let cases: [(Method, &[_], &str, u16); 4] = [
        (Method::POST, &[("content-type", "text/plain")], "{}", 415),
        (Method::POST, &json, "{", 400),
        (Method::POST, &json, r#"{"conversationId":"1","participantId":"2"}"#, 400),
        (Method::POST, &json, &large, 413),
    ];
    for (method, headers, body, status) in cases {
        let response = world.send(method, headers, body.to_owned()).await?;
        assert_eq!(response.status().as_u16(), status, "{body}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Value = response.json().await?;
        assert_eq!(problem["status"], status);
        assert!(["type", "title", "detail"].iter().all(|name| problem[name].is_string()), "{problem}");
    }
    assert_eq!(world.send(Method::GET, &[], String::new()).await?.status().as_u16(), 404, "of API Gateway");
    Ok(())
}

#[tokio::test]
async fn a_web_page_of_an_origin_on_the_list_may_ask() -> Result<()> {
    let page = "https://shop.example";
    let world = SessionWorld::with_parameters(&[("ResumptionAllowedOrigins", page)]).await?;
    let header = |response: &Response, name: &str| -> Option<String> {
        response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    for (origin, allowed) in [(page, Some(page.to_owned())), ("https://other.example", None)] {
        let preflight = [("origin", origin), ("access-control-request-method", "POST")];
        let response = world.send(Method::OPTIONS, &preflight, String::new()).await?;
        assert_eq!(response.status().as_u16(), 204, "a browser takes no other for leave");
        assert_eq!(header(&response, "access-control-allow-origin"), allowed);
        assert_eq!(header(&response, "access-control-allow-methods"), allowed.as_ref().map(|_| "POST".to_owned()));
        let response = world.send(Method::POST, &[("origin", origin)], "{}".to_owned()).await?;
        assert_eq!(header(&response, "access-control-allow-origin"), allowed);
        let exposed = header(&response, "access-control-expose-headers");
        assert_eq!(exposed, allowed.map(|_| "retry-after".to_owned()), "a page may not read others");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_that_was_refused_is_renewed_and_an_attribute_whose_answer_was_lost_counts_once() -> Result<()> {
    let world = SessionWorld::with(&[("RESUMPTION_MESSAGE", "Welcome back")]).await?;
    let (first, messaging) = shown(&world, reloaded)?;
    world.ask(&first, &messaging.participant_id(0), &[]).await?;
    world.genesys()?.tokens().expire_all();
    world.genesys()?.faults().add(Fault::with("PATCH", "/api", Effect::DropAfterwards));
    world.genesys()?.faults().add(Fault::answer("POST", "/api", 409));
    let (id, messaging) = shown(&world, reloaded)?;
    let (status, body) = world.ask(&id, &messaging.participant_id(0), &[]).await?;
    assert_eq!((status, body["decision"].as_str()), (200, Some("RESUMABLE")), "{body}");
    assert_eq!(attributes(&world, &id)?["resumptionCount"], "1");
    let greetings: Vec<_> = world.genesys()?.messages().all().into_iter().map(|message| message.text).collect();
    assert_eq!(greetings, ["Welcome back"], "the second was not taken, and that is no error");
    Ok(())
}

#[tokio::test]
async fn a_customer_who_is_not_with_an_agent_alone_is_not_greeted() -> Result<()> {
    let world = SessionWorld::with(&[("RESUMPTION_MESSAGE", "Welcome back")]).await?;
    let stories: [(&str, Story); 3] = [
        ("DISCONNECTED", |id| dropped(id, 100)),
        ("ACTIVE", |id| reloaded(id).with(Part::new("digitalbotflow", ago(800)))),
        ("QUEUE", |id| {
            Messaging::new(id, "open").with(Part::new("customer", ago(900))).with(Part::new("acd", ago(90)))
        }),
    ];
    for (state, messaging) in stories {
        let (id, messaging) = shown(&world, messaging)?;
        let (_, body) = world.ask(&id, &messaging.participant_id(0), &[]).await?;
        assert_eq!((body["decision"].as_str(), body["conversationState"].as_str()), (Some("RESUMABLE"), Some(state)));
    }
    assert_eq!(world.requests("POST", "/agentless")?, 0);
    Ok(())
}

/// Kills the functions at a point of a handshake: every tab that asks, then or later, is told the same, and it counts once.
/// Whether it came to that.
async fn survives(point: CrashPoint) -> Result<bool> {
    let world = SessionWorld::with(&[("RESUMPTION_LOOK_LIMIT", "3s")]).await?;
    let (id, messaging) = shown(&world, |id| dropped(id, 100))?;
    let participant = messaging.participant_id(0);
    world.world.stack.aws_faults().crash(point);
    let mut answers = try_join_all((0..3).map(|_| world.ask(&id, &participant, &[]))).await?;
    let came = !world.world.stack.aws_faults().cancel_crash();
    answers.retain(|(status, _)| *status == 200);
    answers.extend(try_join_all((0..3).map(|_| world.ask(&id, &participant, &[]))).await?);
    let distinct: BTreeSet<_> = answers.iter().map(|(status, body)| format!("{status} {body}")).collect();
    assert_eq!(distinct.len(), 1, "{point:?}: {distinct:?}");
    assert_eq!(answers[0].1["decision"], "RESUMABLE", "{point:?}");
    assert_eq!(attributes(&world, &id)?["resumptionCount"], "1", "{point:?}");
    let ids: BTreeSet<_> = world.outcomes(DECIDED, &id).iter().map(|one| one["outcomeId"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{point:?}");
    Ok(came)
}

#[tokio::test]
async fn an_owner_that_dies_anywhere_is_succeeded_and_it_counts_once() -> Result<()> {
    let mut crashes = 0;
    // Several stacks at once: most of the time is waiting for a lease to end.
    for first in (1..MOST_REQUESTS).step_by(AT_ONCE) {
        let requests = first..first + AT_ONCE;
        let points = requests.flat_map(|request| [CrashPoint::Before(request), CrashPoint::After(request)]);
        match try_join_all(points.map(survives)).await?.into_iter().filter(|came| *came).count() {
            0 => break,
            came => crashes += came,
        }
    }
    assert!(crashes >= 8, "{crashes} crashes");
    Ok(())
}

#[tokio::test]
async fn nothing_but_the_conversation_is_told_in_the_logs() -> Result<()> {
    let world = SessionWorld::with(&[("LOG_LEVEL", "trace")]).await?;
    let (id, messaging) = shown(&world, |id| dropped(id, 100))?;
    let participant = messaging.participant_id(0);
    let headers = [("authorization", "Bearer s3cret-token"), ("idempotency-key", "s3cret-key")];
    world.ask(&id, &participant, &headers).await?;
    world.ask(&id, &world.new_id(), &headers).await?;
    let log = world.world.stack.function_log("SessionResumption").context("no log")?;
    assert!(log.contains(&id));
    for secret in [participant.as_str(), "s3cret", "their-address", "Personal Data", "fake-client-secret"] {
        assert!(!log.contains(secret), "{secret}");
    }
    Ok(())
}
