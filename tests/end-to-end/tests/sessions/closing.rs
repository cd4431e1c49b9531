//! Chats that their last agent has left.

use anyhow::{Context, Result, ensure};
use end_to_end::sessions::{SessionWorld, ago};
use fake_genesys_cloud::faults::{Effect, Fault};
use fake_genesys_cloud::scenarios::{Messaging, Part};
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use local_stack::aws_front::faults::CrashPoint;
use local_stack::day::events_of;
use serde_json::{Value, json};

const CLOSED: &str = "Chat Closed";
/// More requests to AWS than a departure makes.
const MOST_REQUESTS: usize = 30;

/// As often as a departure is received before it is a dead letter.
const RECEIVED: usize = 5;
/// Longer than a look may be old, in milliseconds.
const TOO_LONG_MS: u64 = 5_500;

/// Makes a chat of this id.
type Story = fn(&str) -> Messaging;

/// A chat whose agent left half a minute ago.
fn left(id: &str, message_type: &'static str) -> Messaging {
    let agent = Part::new("agent", ago(600)).queue("sales").until(ago(30), "client");
    Messaging::new(id, message_type).with(Part::new("customer", ago(900)).wrote(ago(120))).with(agent)
}

fn shown(world: &SessionWorld, messaging: impl FnOnce(&str) -> Messaging) -> Result<(String, Vec<Value>)> {
    let id = world.new_id();
    let messaging = messaging(&id);
    world.show(&messaging)?;
    Ok((id, events_of(&messaging.json())))
}

/// The first departure among events.
fn departure(events: Vec<Value>) -> Result<Value> {
    let mut events = events.into_iter();
    let first = events.find(|event| event["detail-type"].as_str().is_some_and(|one| one.ends_with("user.end")));
    first.context("no departure")
}

fn customer_is_there(world: &SessionWorld, id: &str) -> Result<bool> {
    let conversation = world.genesys()?.conversations().get(id).context("no such conversation")?;
    Ok(conversation["participants"][0]["messages"][0]["state"] == "connected")
}

/// The ids of the outcomes about a conversation, each once.
fn outcome_ids(world: &SessionWorld, id: &str) -> usize {
    let ids = world.outcomes(CLOSED, id).into_iter().map(|outcome| outcome["outcomeId"].to_string());
    ids.collect::<std::collections::BTreeSet<_>>().len()
}

#[tokio::test]
async fn a_synchronous_chat_is_disconnected_and_an_asynchronous_one_told_once_however_often_events_come() -> Result<()>
{
    let world = SessionWorld::new().await?;
    let (web, web_events) = shown(&world, |id| left(id, "webmessaging"))?;
    let (sms, sms_events) = shown(&world, |id| left(id, "sms"))?;
    let (german, german_events) = shown(&world, |id| {
        let language = json!({ "language": "de" });
        let customer = Part::new("customer", ago(900)).participant("attributes", language);
        Messaging::new(id, "open").with(customer).with(Part::new("agent", ago(600)).until(ago(30), "peer"))
    })?;
    let events = [web_events, sms_events, german_events].concat();
    for _ in 0..3 {
        world.world.live([events.clone(), events.clone()].concat()).await?;
    }
    assert!(!customer_is_there(&world, &web)?);
    assert!(customer_is_there(&world, &sms)? && customer_is_there(&world, &german)?);
    assert_eq!(world.requests("PATCH", "")?, 1, "one disconnect");
    let mut texts: Vec<_> = world.genesys()?.messages().all().into_iter().map(|message| message.text).collect();
    texts.sort();
    assert!(matches!(&texts[..], [en, de] if en.starts_with("Our agent") && de.starts_with("Unser")), "{texts:?}");
    for (id, action) in [(&web, "disconnected"), (&sms, "notified"), (&german, "notified")] {
        assert_eq!(outcome_ids(&world, id), 1);
        let outcome = &world.outcomes(CLOSED, id)[0];
        assert_eq!((&outcome["action"], &outcome["result"]), (&json!(action), &json!("done")), "{outcome}");
    }
    let everything = format!("{:?}", world.world.stack.outcomes());
    assert!(!everything.contains("Personal Data") && !everything.contains("their-address"), "nothing personal leaves");
    Ok(())
}

#[tokio::test]
async fn a_chat_that_may_be_live_is_left_alone_and_the_log_says_why() -> Result<()> {
    let world = SessionWorld::new().await?;
    let live: [(&str, Story); 7] = [
        ("agent is on it", |id| left(id, "webmessaging").with(Part::new("agent", ago(500)))),
        ("acd is on it", |id| left(id, "webmessaging").with(Part::new("acd", ago(500)).queue("sales"))),
        ("botflow is on it", |id| left(id, "webmessaging").with(Part::new("botflow", ago(500)))),
        ("hologram is on it", |id| left(id, "sms").with(Part::new("hologram", ago(500)))),
        ("a transfer may be under way", |id| {
            left(id, "webmessaging").field("recentTransfers", json!([{ "id": "t", "state": "pending" }]))
        }),
        ("the customer has written since the agent left", |id| {
            let agent = Part::new("agent", ago(600)).until(ago(30), "client");
            Messaging::new(id, "sms").with(Part::new("customer", ago(900)).wrote(ago(10))).with(agent)
        }),
        ("no rule is for facebook in this queue", |id| left(id, "facebook")),
    ];
    let mut chats = Vec::new();
    for (reason, messaging) in live {
        let (id, events) = shown(&world, messaging)?;
        world.world.live(events).await?;
        chats.push((reason, id));
    }
    let log = world.world.stack.function_log("ChatCloser").context("no log")?;
    for (reason, id) in chats {
        assert!(customer_is_there(&world, &id)? && world.outcomes(CLOSED, &id).is_empty(), "{reason}");
        let said = log.lines().any(|line| line.contains(&id) && line.contains(reason));
        assert!(said, "{reason} is not said of {id}: {log}");
    }
    assert!(world.genesys()?.messages().all().is_empty());
    assert_eq!(world.requests("PATCH", "")?, 0);
    Ok(())
}

#[tokio::test]
async fn a_notice_whose_answer_is_lost_is_not_sent_again_and_one_that_was_not_sent_is() -> Result<()> {
    let world = SessionWorld::new().await?;
    let path = "/api/v2/conversations/messages/agentless";
    world.genesys()?.faults().add(Fault::with("POST", path, Effect::DropAfterwards));
    let (lost, events) = shown(&world, |id| left(id, "sms"))?;
    world.world.live(events).await?;
    assert_eq!(world.genesys()?.messages().all().len(), 1);
    assert_eq!(world.outcomes(CLOSED, &lost)[0]["result"], "unknown");

    world.genesys()?.faults().add(Fault::answer("POST", path, 409));
    let (not_taken, events) = shown(&world, |id| left(id, "sms"))?;
    world.world.live(events).await?;
    assert_eq!((world.genesys()?.messages().all().len(), outcome_ids(&world, &not_taken)), (1, 0));

    world.genesys()?.faults().add(Fault::answer("POST", path, 403));
    let (refused, events) = shown(&world, |id| left(id, "sms"))?;
    world.world.live(events).await?;
    assert_eq!((world.genesys()?.messages().all().len(), outcome_ids(&world, &refused)), (2, 1));
    Ok(())
}

#[tokio::test]
async fn a_notice_never_gets_into_another_conversation_of_the_customer() -> Result<()> {
    let world = SessionWorld::new().await?;
    let (thread, events) = shown(&world, |id| left(id, "sms").of("ann"))?;
    let (_, _) = shown(&world, |id| {
        let customer = Part::new("customer", ago(5));
        Messaging::new(id, "sms").of("ann").with(customer).with(Part::new("botflow", ago(5)))
    })?;
    world.world.live(events).await?;
    assert!(world.genesys()?.messages().all().is_empty(), "a bot would take it for her words");
    assert!(world.outcomes(CLOSED, &thread).is_empty());
    let log = world.world.stack.function_log("ChatCloser").context("no log")?;
    assert!(log.lines().any(|line| line.contains(&thread) && line.contains("Genesys Cloud does not take it")), "{log}");
    Ok(())
}

#[tokio::test]
async fn a_disconnect_that_is_refused_becomes_a_dead_letter_and_no_outcome() -> Result<()> {
    let world = SessionWorld::new().await?;
    for _ in 0..RECEIVED {
        world.genesys()?.faults().add(Fault::answer("PATCH", "/api", 403));
    }
    let (id, events) = shown(&world, |id| left(id, "webmessaging"))?;
    world.world.live(events).await?;
    assert!(customer_is_there(&world, &id)? && world.outcomes(CLOSED, &id).is_empty());
    assert_eq!(world.world.dead_letters_of("ChatCloserDeadLetterQueue").len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_disconnect_that_is_not_taken_is_tried_again_after_another_look() -> Result<()> {
    let world = SessionWorld::new().await?;
    world.genesys()?.faults().add(Fault::answer("PATCH", "/api", 409));
    let (id, events) = shown(&world, |id| left(id, "webmessaging"))?;
    world.world.live(events).await?;
    assert!(!customer_is_there(&world, &id)?);
    assert_eq!((world.requests("PATCH", "")?, outcome_ids(&world, &id)), (2, 1));
    Ok(())
}

#[tokio::test]
async fn nothing_is_done_within_the_grace_of_an_agent_whose_event_is_not_here_yet() -> Result<()> {
    let world = SessionWorld::with(&[("CHAT_CLOSING_GRACE", "4s")]).await?;
    let left_at = ago(1);
    let (id, events) = shown(&world, |id| {
        left(id, "webmessaging").with(Part::new("agent", ago(300)).queue("sales").until(left_at, "client"))
    })?;
    world.world.live(vec![departure(events)?]).await?;
    assert!(!customer_is_there(&world, &id)?);
    let gone_for = Timestamp::now().duration_since(left_at);
    assert!(gone_for >= SignedDuration::from_secs(4), "{gone_for}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_sent_on_a_look_that_took_too_long() -> Result<()> {
    let world = SessionWorld::new().await?;
    let (id, events) = shown(&world, |id| left(id, "sms"))?;
    world.genesys()?.faults().add(Fault::delay("GET", "/api", TOO_LONG_MS));
    world.world.live(events).await?;
    let requests = world.genesys()?.requests().all();
    let looks: Vec<_> = requests.iter().filter(|request| request.path.ends_with(&id)).collect();
    let sent: Vec<_> = requests.iter().filter(|request| request.path.ends_with("/agentless")).collect();
    let ([slow, look], [sent]) = (&looks[..], &sent[..]) else { anyhow::bail!("{requests:?}") };
    assert!(slow.at_ms < look.at_ms && sent.at_ms - look.at_ms <= 5_000, "{requests:?}");
    Ok(())
}

#[tokio::test]
async fn a_switch_turns_all_of_it_off_and_bad_events_go_to_the_dead_letters() -> Result<()> {
    let world = SessionWorld::with_parameters(&[("DisconnectsEnabled", "false")]).await?;
    let (id, mut events) = shown(&world, |id| left(id, "webmessaging"))?;
    let mut bad = events.iter().rfind(|event| event["detail"]["eventBody"]["userId"].is_string()).cloned();
    if let Some(bad) = &mut bad {
        bad["detail"]["eventBody"]["eventTime"] = json!("soon");
    }
    events.extend(bad);
    world.world.live(events).await?;
    assert!(customer_is_there(&world, &id)?);
    assert_eq!(world.world.dead_letters_of("ChatCloserDeadLetterQueue").len(), 1);
    Ok(())
}

/// Kills the functions at a point of a departure; whether it came to that.
async fn survives(message_type: &'static str, point: CrashPoint) -> Result<bool> {
    let world = SessionWorld::new().await?;
    let (id, events) = shown(&world, |id| left(id, message_type))?;
    world.world.stack.aws_faults().crash(point);
    world.world.live(vec![departure(events)?]).await?;
    let came = !world.world.stack.aws_faults().cancel_crash();
    let messages = world.genesys()?.messages().all().len();
    ensure!(messages <= 1, "{point:?}: {messages} messages");
    ensure!(outcome_ids(&world, &id) == 1, "{point:?}: {} outcomes", outcome_ids(&world, &id));
    ensure!(message_type == "sms" || !customer_is_there(&world, &id)?, "{point:?}: the customer is still there");
    ensure!(world.world.dead_letters_of("ChatCloserDeadLetterQueue").is_empty(), "{point:?}");
    Ok(came)
}

#[tokio::test]
async fn a_crash_anywhere_tells_nobody_twice_and_leaves_nobody_behind() -> Result<()> {
    let mut crashes = 0;
    for request in 1..MOST_REQUESTS {
        let points = [
            ("sms", CrashPoint::Before(request)),
            ("sms", CrashPoint::After(request)),
            ("webmessaging", CrashPoint::Before(request)),
            ("webmessaging", CrashPoint::After(request)),
        ];
        let came = try_join_all(points.map(|(message_type, point)| survives(message_type, point))).await?;
        match came.into_iter().filter(|came| *came).count() {
            0 => break,
            came => crashes += came,
        }
    }
    assert!(crashes >= 20, "{crashes} crashes");
    Ok(())
}
