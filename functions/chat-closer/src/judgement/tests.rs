use fake_genesys_cloud::scenarios::{Messaging, Part};
use genesys_cloud::api::ConversationBody;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json, value};

use super::*;

const POLICY: &str = "
version: 1
rules:
  - { name: vip, match: { queues: [vip] }, do: nothing }
  - { name: web, match: { messageTypes: [webmessaging] }, do: disconnect }
  - { name: async, match: { messageTypes: [sms, open, whatsapp] }, do: notify, notice: { en: Good bye, de: Servus } }
";

const GRACE: SignedDuration = SignedDuration::from_secs(20);

fn ago(seconds: i64) -> Timestamp {
    "2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap() - SignedDuration::from_secs(seconds)
}

fn here(purpose: &'static str) -> Part {
    Part::new(purpose, ago(900))
}

/// An agent who left a minute ago.
fn left(how: &str) -> Part {
    here("agent").queue("sales").until(ago(60), how)
}

fn messaging(message_type: &'static str, parts: Vec<Part>) -> Messaging {
    parts.into_iter().fold(Messaging::new("c-1", message_type), Messaging::with)
}

fn judged(messaging: &Messaging, told_at: Option<Timestamp>) -> Verdict {
    let json = messaging.json();
    let raw = value::to_raw_value(&json).unwrap();
    let body = ConversationBody { json: raw.into(), as_of: ago(0), correlation_id: None };
    let conversation = Conversation::from_json(json.to_string().as_bytes()).unwrap();
    judge(&conversation, &body.messengers(), ago(0), told_at, GRACE, &Policy::parse(POLICY).unwrap())
}

fn in_words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Leave(reason) => reason,
        Verdict::IsDisconnected => "is disconnected".to_owned(),
        Verdict::TooSoon => "too soon".to_owned(),
        Verdict::Close(close) => match close.step {
            Step::Disconnect { .. } => format!("disconnect by {}", close.rule),
            Step::Notify { text, .. } => format!("tell {text:?} by {}", close.rule),
        },
    }
}

/// One row a situation.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn who_is_closed_and_who_is_left_alone() {
    let web = |parts| messaging("webmessaging", parts);
    let sms = |parts| messaging("sms", parts);
    let field = |name: &str, value: Value| web(vec![here("customer"), left("client")]).field(name, value);
    let german = here("customer").participant("attributes", json!({ "language": "de" }));
    let voice = here("customer").participant("calls", json!([{ "id": "call", "state": "connected" }]));
    let gone = |seconds| here("customer").until(ago(seconds), "peer");
    let long_here = |purpose| Part::new(purpose, ago(9_000));
    let left_ago = |seconds| here("agent").queue("sales").until(ago(seconds), "client");
    let taken_up_again = |part: Part| {
        let segment = json!({ "type": "interact", "startTime": format!("{:.3}", ago(30)) });
        part.leg("state", json!("connected")).leg("segments", json!([segment]))
    };
    let unseen_until = |part: Part, at: Timestamp| part.unseen().participant("endTime", json!(format!("{at:.3}")));
    let rows: Vec<(&str, Messaging, &str)> = vec![
        ("sync", web(vec![here("customer"), left("client")]), "disconnect by web"),
        (
            "sync, after a queue and a bot",
            web(vec![
                here("customer"),
                here("acd").until(ago(800), "transfer"),
                here("botflow").until(ago(850), "x"),
                left("client"),
            ]),
            "disconnect by web",
        ),
        (
            "sync, two agents gone",
            web(vec![here("customer"), left("client"), here("agent").until(ago(300), "client")]),
            "disconnect by web",
        ),
        ("sync, over", web(vec![gone(60), left("client")]), "is disconnected"),
        ("async", sms(vec![here("customer"), left("client")]), "tell \"Good bye\" by async"),
        ("async in German", sms(vec![german, left("client")]), "tell \"Servus\" by async"),
        ("async, over with the agent", sms(vec![gone(60), left("client")]), "tell \"Good bye\" by async"),
        ("async, the customer left first", sms(vec![gone(61), left("client")]), "the customer left before the agent"),
        (
            "a queue with a rule of its own",
            web(vec![here("customer"), here("agent").queue("vip").until(ago(60), "client")]),
            "the rule \"vip\" says so",
        ),
        (
            "a queue with a rule of its own, and then an agent without one",
            web(vec![
                here("customer"),
                here("agent").queue("vip").until(ago(300), "client"),
                Part::new("agent", ago(200)).until(ago(60), "client"),
            ]),
            "the rule \"vip\" says so",
        ),
        (
            "a queue that nobody knows",
            web(vec![here("customer"), here("agent").until(ago(60), "client")]),
            "the rule \"vip\" is for queues, and nobody knows this one",
        ),
        ("left 1 s ago", web(vec![here("customer"), left_ago(1)]), "too soon"),
        ("async, left 1 s ago", sms(vec![here("customer"), left_ago(1)]), "too soon"),
        ("the first long ago, the last 1 s ago", web(vec![here("customer"), left("client"), left_ago(1)]), "too soon"),
        ("left by a clock ahead of ours", web(vec![here("customer"), left_ago(-2)]), "too soon"),
        ("left 19 s ago", web(vec![here("customer"), left_ago(19)]), "too soon"),
        ("left 20 s ago", web(vec![here("customer"), left_ago(20)]), "disconnect by web"),
        ("left 1 s ago, another is there", web(vec![here("customer"), left_ago(1), here("agent")]), "agent is on it"),
        (
            "left an hour ago",
            sms(vec![long_here("customer"), long_here("agent").queue("sales").until(ago(3_600), "client")]),
            "tell \"Good bye\" by async",
        ),
        (
            "left too long ago",
            sms(vec![long_here("customer"), long_here("agent").queue("sales").until(ago(3_601), "client")]),
            "the agent left too long ago",
        ),
        (
            "a type without a rule",
            messaging("facebook", vec![here("customer"), left("client")]),
            "no rule is for facebook in this queue",
        ),
        (
            "a type that takes templates only",
            messaging("whatsapp", vec![here("customer"), left("client")]),
            "no message can be sent to whatsapp from here",
        ),
        ("another agent", web(vec![here("customer"), left("client"), here("agent")]), "agent is on it"),
        (
            "an agent rings",
            web(vec![here("customer"), left("client"), here("agent").leg("state", json!("alerting"))]),
            "agent is on it",
        ),
        (
            "an agent has parked it",
            web(vec![here("customer"), here("agent").leg("state", json!("parked"))]),
            "agent is on it",
        ),
        ("a colleague", web(vec![here("customer"), left("client"), here("user")]), "user is on it"),
        ("a queue", web(vec![here("customer"), left("client"), here("acd")]), "acd is on it"),
        ("a bot", web(vec![here("customer"), left("client"), here("botflow")]), "botflow is on it"),
        (
            "a flow without a communication",
            web(vec![here("customer"), left("client"), here("workflow").unseen()]),
            "workflow may be at work on it",
        ),
        (
            "an agent who has only just come",
            sms(vec![here("customer"), left("client"), Part::new("agent", ago(1)).unseen()]),
            "agent may be at work on it",
        ),
        (
            "somebody without a communication came and went since",
            web(vec![here("customer"), left("client"), unseen_until(Part::new("api", ago(30)), ago(10))]),
            "somebody has joined since the agent left",
        ),
        (
            "somebody without a communication came and went before",
            web(vec![here("customer"), left("client"), unseen_until(here("acd"), ago(100))]),
            "disconnect by web",
        ),
        (
            "an agent is back on the same leg",
            web(vec![here("customer"), taken_up_again(left("client"))]),
            "agent may be on it again",
        ),
        (
            "the customer is back on the same leg",
            sms(vec![taken_up_again(gone(60)), left("client")]),
            "customer may be on it again",
        ),
        ("nobody knows what", web(vec![here("customer"), left("client"), here("hologram")]), "hologram is on it"),
        ("an external", web(vec![here("customer"), left("client"), here("external")]), "external is on it"),
        (
            "an unknown state",
            web(vec![here("customer"), left("client"), here("agent").leg("state", json!("dreaming"))]),
            "agent is on it",
        ),
        (
            "gone by state, nobody knows when",
            web(vec![here("customer"), here("agent").leg("state", json!("disconnected"))]),
            "nobody can tell when the agent left",
        ),
        ("transferred", web(vec![here("customer"), left("transfer")]), "the agent handed it over"),
        ("consult transfer", web(vec![here("customer"), left("transfer.consult")]), "the agent handed it over"),
        (
            "a transfer commanded",
            field("recentTransfers", json!([{ "state": "pending" }])),
            "a transfer may be under way",
        ),
        (
            "a transfer in an unknown state",
            field("recentTransfers", json!([{ "state": "hovering" }])),
            "a transfer may be under way",
        ),
        ("a transfer over", field("recentTransfers", json!([{ "state": "complete" }])), "disconnect by web"),
        (
            "a consultation",
            field("consultationConversations", json!([{ "id": "c-2" }])),
            "somebody is consulted about it",
        ),
        (
            "a field that looks alive",
            field("somethingNew", json!([{ "state": "connected" }])),
            "somethingNew is not understood",
        ),
        ("a time that is none", field("startTime", json!("soon")), "startTime is not understood"),
        ("never an agent", web(vec![here("customer"), here("acd").until(ago(60), "client")]), "no agent was on it"),
        ("no customer", web(vec![left("client")]), "there is no customer"),
        (
            "two customers",
            web(vec![here("customer"), here("customer"), left("client")]),
            "there is more than one customer",
        ),
        (
            "on the phone too",
            web(vec![voice, left("client")]),
            "the customer is on it with something else than messages",
        ),
        (
            "written since",
            web(vec![here("customer").wrote(ago(59)), left("client")]),
            "the customer has written since the agent left",
        ),
        ("written before", web(vec![here("customer").wrote(ago(61)), left("client")]), "disconnect by web"),
        (
            "somebody came and went since",
            web(vec![here("customer"), left("client"), Part::new("acd", ago(30)).until(ago(10), "x")]),
            "somebody has joined since the agent left",
        ),
    ];
    for (name, messaging, expected) in rows {
        assert_eq!(in_words(judged(&messaging, None)), expected, "{name}");
    }
}

#[test]
fn a_customer_is_told_again_only_after_coming_back() {
    let told = |messaging: &Messaging| in_words(judged(messaging, Some(ago(120))));
    let again = "the customer was told, and has not come back since";
    assert_eq!(told(&messaging("sms", vec![here("customer").wrote(ago(130)), left("client")])), again);
    let back = messaging("sms", vec![here("customer").wrote(ago(110)), left("client")]);
    assert_eq!(told(&back), "tell \"Good bye\" by async");
    let reopened = Part::new("customer", ago(100));
    assert_eq!(told(&messaging("sms", vec![reopened.clone(), left("client")])), "tell \"Good bye\" by async");
    // What was sent to the customer is no coming back: our own notice, or an agent's words.
    assert_eq!(told(&messaging("sms", vec![here("customer").was_sent(ago(110)), left("client")])), again);
    let by_us = reopened.leg("direction", json!("outbound"));
    assert_eq!(told(&messaging("sms", vec![by_us, left("client")])), again);
}

fn anybody() -> impl Strategy<Value = Part> {
    let purpose = prop::sample::select(vec!["customer", "agent", "user", "acd", "botflow", "workflow", "hologram"]);
    let state = prop::sample::select(vec!["connected", "alerting", "parked", "dreaming", "disconnected", "unseen"]);
    let leaves = prop::option::of((0..900_i64, prop::sample::select(vec!["client", "peer", "transfer", "x"])));
    (purpose, 0..900_i64, leaves, state).prop_map(|(purpose, since, leaves, state)| {
        let part = Part::new(purpose, ago(since)).queue("sales");
        match leaves {
            _ if state == "unseen" => part.unseen(),
            Some((at, how)) => part.until(ago(at.min(since)), how),
            None => part.leg("state", json!(state)),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    /// Whoever else is in it: while anybody but the customer may be on it, nothing is done.
    #[test]
    fn a_live_chat_is_never_ended(
        parts in prop::collection::vec(anybody(), 0..5),
        purpose in prop::sample::select(vec!["agent", "user", "acd", "botflow", "workflow", "voicemail", "external", "dialer", "hologram"]),
        state in prop::sample::select(vec!["connected", "alerting", "parked", "contacting", "dreaming", "", "unseen"]),
        message_type in prop::sample::select(vec!["webmessaging", "sms"]),
        place: prop::sample::Index,
    ) {
        let mut parts = parts;
        parts.push(here("customer"));
        parts.push(left("client"));
        let there = here(purpose);
        let there = if state == "unseen" { there.unseen() } else { there.leg("state", json!(state)) };
        parts.insert(place.index(parts.len() + 1), there);
        let verdict = judged(&messaging(message_type, parts), None);
        prop_assert!(matches!(&verdict, Verdict::Leave(_)), "{verdict:?}");
    }

    /// Nor one that somebody came to, or that the customer wrote in, after the agent left.
    #[test]
    fn a_chat_that_goes_on_is_never_ended(later in 1..60_i64, writes: bool, stays: bool) {
        let customer = if writes { here("customer").wrote(ago(60 - later)) } else { here("customer") };
        let mut parts = vec![customer, left("client")];
        if !writes {
            let visitor = Part::new("acd", ago(60 - later));
            parts.push(if stays { visitor } else { visitor.until(ago(0), "x") });
        }
        let verdict = judged(&messaging("webmessaging", parts), None);
        prop_assert!(matches!(&verdict, Verdict::Leave(_)), "{verdict:?}");
    }
}
