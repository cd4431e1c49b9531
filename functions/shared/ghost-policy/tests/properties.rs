//! What holds for every conversation and every policy.

#[path = "support/oracle.rs"]
mod oracle;
mod support;

use ghost_policy::conversation::Media;
use ghost_policy::duration::FriendlyDuration;
use ghost_policy::policy::{GhostWhen, Match, Rule};
use ghost_policy::{Conversation, Policy, Verdict, evaluate, evaluate_forced};
use jiff::SignedDuration;
use oracle::Leg;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};
use support::{default_policy, minute, read, text};

/// The span of the generated times, in minutes.
const SPAN: i64 = 600;

const PURPOSES: [&str; 12] = [
    "customer",
    "customer",
    "external",
    "agent",
    "agent",
    "user",
    "acd",
    "botflow",
    "voicemail",
    "dialer",
    "station",
    "virtualagent",
];
const STATES: [&str; 12] = [
    "connected",
    "connected",
    "connected",
    "disconnected",
    "terminated",
    "alerting",
    "dialing",
    "scheduled",
    "parked",
    "none",
    "teleporting",
    "terminated",
];

fn moment() -> impl Strategy<Value = Value> {
    prop_oneof![6 => (0..SPAN).prop_map(text), 1 => Just(Value::Null)]
}

fn seldom(value: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop_oneof![1 => value, 7 => Just(Value::Null)]
}

fn after_call_work() -> impl Strategy<Value = Value> {
    (select(&["pending", "complete", "skipped", "unknown"][..]), moment()).prop_map(|(state, at)| match state {
        "pending" => json!({ "state": state, "startTime": at }),
        "complete" => json!({ "state": state, "endTime": at }),
        _ => json!({ "state": state }),
    })
}

fn communication() -> impl Strategy<Value = Value> {
    let times = (moment(), seldom(moment()), prop_oneof![1 => Just(Value::Null), 1 => moment()], seldom(moment()));
    let in_order = prop::bool::weighted(0.9);
    (select(&STATES[..]), times, seldom(after_call_work()), in_order).prop_map(
        |(state, (connected, alerting, disconnected, scheduled), work, in_order)| {
            let is_before = disconnected.as_str().zip(connected.as_str()).is_some_and(|(end, start)| end < start);
            let [connected, disconnected] =
                if is_before && in_order { [disconnected, connected] } else { [connected, disconnected] };
            json!({ "id": "l", "state": state, "connectedTime": connected, "startAlertingTime": alerting,
                    "disconnectedTime": disconnected, "callbackScheduledTime": scheduled, "afterCallWork": work })
        },
    )
}

fn participant(id: usize) -> impl Strategy<Value = Value> {
    let legs = prop::collection::vec((select(&oracle::MEDIA[..]), communication()), 1..3);
    let settings = (seldom((0..SPAN).prop_map(|minutes| json!(minutes * 60_000))), seldom(Just(json!("p-9"))));
    (select(&PURPOSES[..]), moment(), moment(), legs, settings).prop_map(
        move |(purpose, start, end, legs, (alerting_timeout, monitored))| {
            let mut participant = json!({ "id": format!("p-{id}"), "purpose": purpose, "startTime": start, "endTime": end,
                "alertingTimeoutMs": alerting_timeout, "monitoredParticipantId": monitored });
            for ((field, _), leg) in legs {
                match participant[field].as_array_mut() {
                    Some(others) => others.push(leg),
                    None => participant[field] = json!([leg]),
                }
            }
            participant
        },
    )
}

fn transfer() -> impl Strategy<Value = Value> {
    (select(&["pending", "active", "complete", "failed"][..]), moment())
        .prop_map(|(state, issued)| json!([{ "state": state, "dateIssued": issued }]))
}

prop_compose! {
    fn conversation()(
        participants in (participant(0), participant(1), participant(2), participant(3)),
        count in 0_usize..=4,
        transfer in seldom(transfer()),
        consulted in seldom(Just(json!([{ "id": "c-2" }]))),
        ended in seldom(seldom(moment())),
    ) -> Value {
        let participants = [participants.0, participants.1, participants.2, participants.3];
        json!({ "id": "c-1", "participants": participants[..count], "recentTransfers": transfer,
                "consultationConversations": consulted, "endTime": ended })
    }
}

fn duration() -> impl Strategy<Value = Option<FriendlyDuration>> {
    prop::option::weighted(0.7, (1_u32..36_000).prop_map(FriendlyDuration::from_seconds))
}

prop_compose! {
    fn ghost_when()(d in (duration(), duration(), duration(), duration(), duration(), duration())) -> GhostWhen {
        GhostWhen {
            no_connected_party_for: d.0, customer_gone_for: d.1, agent_gone_for: d.2,
            waiting_for: d.3, after_call_work_for: d.4, idle_for: d.5,
        }
    }
}

fn rule() -> impl Strategy<Value = Rule> {
    let media =
        [Media::Voice, Media::Callback, Media::Email, Media::Message, Media::Chat, Media::Video, Media::Cobrowse];
    let media = prop::option::weighted(0.5, prop::collection::btree_set(select(media.to_vec()), 1..5));
    let media = media.prop_map(|media| media.map(|media| media.into_iter().collect()));
    (media, ghost_when()).prop_map(|(media, ghost_when)| Rule {
        name: String::new(),
        matches: Match { media, ..Match::default() },
        ghost_when,
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    prop::collection::vec(rule(), 1..3).prop_map(|mut rules| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule.name = format!("rule {index}");
        }
        Policy { rules, ..default_policy() }
    })
}

/// Whether the conversation is a ghost at `at`, by the policy or by force.
fn is_ever_called_a_ghost(policy: &Policy, conversation: &Conversation, at: i64) -> bool {
    evaluate(policy, conversation, minute(at)).is_ghost()
        || evaluate_forced(policy, conversation, minute(at)).is_ghost()
}

/// How many cases each property is tried on: `PROPTEST_CASES`, or enough for every kind of ghost to come up.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_000)
}

/// The generated conversations are no use if none of them is a ghost.
#[test]
fn every_kind_of_ghost_comes_up() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut met = std::collections::BTreeMap::new();
    for _ in 0..4_000 {
        let (policy, value) = (policy(), conversation()).new_tree(&mut runner).unwrap().current();
        if let Verdict::Ghost { test, .. } = evaluate(&policy, &read(&value), minute(3 * SPAN)) {
            *met.entry(test).or_insert(0) += 1;
        }
    }
    assert!(met.len() == 6 && met.values().all(|count| *count >= 5), "{met:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn judges_as_the_contract_says_word_by_word(policy in policy(), value in conversation(), at in -10..3 * SPAN) {
        let verdict = evaluate(&policy, &read(&value), minute(at));
        prop_assert_eq!(verdict.is_ghost(), oracle::is_ghost(&policy, &value, minute(at)), "{}", verdict);
    }

    #[test]
    fn people_together_or_a_customer_with_a_system_are_never_a_ghost(
        policy in policy(), value in conversation(), at in 0..100 * SPAN,
    ) {
        let legs = oracle::legs(&value);
        let open: Vec<_> = legs.iter().filter(|leg| leg.is_open()).collect();
        let live: Vec<_> = open.iter().filter(|leg| leg.is_live()).collect();
        let people = live.iter().filter(|leg| leg.is_customer() || leg.is_staff()).count();
        let served = live.iter().any(|leg| leg.is_customer()) && open.iter().any(|leg| leg.is_system());
        let unknown = |leg: &&Leg<'_>| leg.purpose() == "virtualagent" || leg.state() == "teleporting";
        if people >= 2 || served || open.iter().any(unknown) || legs.iter().any(Leg::has_begun_again) {
            prop_assert!(!is_ever_called_a_ghost(&policy, &read(&value), at));
        }
    }

    #[test]
    fn once_a_ghost_always_a_ghost_while_nothing_changes(
        policy in policy(), value in conversation(), at in 0..3 * SPAN, later in 0..100 * SPAN,
    ) {
        let conversation = read(&value);
        if evaluate(&policy, &conversation, minute(at)).is_ghost() {
            prop_assert!(evaluate(&policy, &conversation, minute(at + later)).is_ghost());
            prop_assert!(evaluate_forced(&policy, &conversation, minute(at)).is_ghost(), "force asks for less");
        }
    }

    #[test]
    fn the_moment_to_look_again_is_exact(policy in policy(), value in conversation(), at in 0..2 * SPAN) {
        let conversation = read(&value);
        match evaluate(&policy, &conversation, minute(at)) {
            Verdict::Alive { look_again_at: Some(again), why } => {
                prop_assert!(again > minute(at) && !why.is_empty());
                prop_assert!(evaluate(&policy, &conversation, again).is_ghost());
                let just_before = evaluate(&policy, &conversation, again - SignedDuration::from_nanos(1));
                prop_assert!(!just_before.is_ghost(), "{}", just_before);
            }
            Verdict::Alive { look_again_at: None, why } => {
                prop_assert!(!why.is_empty());
                prop_assert!(!evaluate(&policy, &conversation, minute(10_000 * SPAN)).is_ghost());
            }
            Verdict::Ghost { since, .. } => prop_assert!(since <= minute(at)),
            Verdict::Ended => prop_assert!(!value["endTime"].is_null()),
        }
    }

    #[test]
    fn a_new_participant_of_unknown_purpose_or_medium_always_makes_it_alive(
        policy in policy(), mut value in conversation(), leg in communication(), at in 0..100 * SPAN, medium in any::<bool>(),
    ) {
        let mut leg = leg;
        leg["state"] = json!("connected");
        leg["disconnectedTime"] = Value::Null;
        let (purpose, field) = if medium { ("customer", "holograms") } else { ("oracle", "calls") };
        value["participants"].as_array_mut().unwrap().push(json!({ "id": "p-8", "purpose": purpose, field: [leg] }));
        prop_assert!(!is_ever_called_a_ghost(&policy, &read(&value), at));
    }

    #[test]
    fn a_policy_survives_being_written_and_read(policy in policy()) {
        let (again, _) = Policy::parse(&policy.to_yaml().unwrap()).unwrap();
        prop_assert_eq!(again, policy);
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in any::<String>(), cut in 0_usize..2_000, insert in "[-:{}\\[\\],#&*!|>'\"% \n]{0,6}") {
        let _ = Policy::parse(&text);
        let _ = Conversation::from_json(text.as_bytes());
        let start = support::DEFAULT_POLICY.char_indices().nth(cut).map_or(0, |(index, _)| index);
        let (before, after) = support::DEFAULT_POLICY.split_at(start);
        let _ = Policy::parse(&format!("{before}{insert}{after}"));
    }

    #[test]
    fn no_shape_of_an_answer_makes_the_reader_panic(value in conversation(), field in "[a-zA-Z]{1,8}", odd in select(vec![
        json!(null), json!(-1), json!("x"), json!([1]), json!([[]]), json!({ "state": 3 }), json!([{ "state": "connected" }]),
    ])) {
        let mut value = value;
        for participant in value["participants"].as_array_mut().unwrap() {
            for name in ["calls", "purpose", "startTime", "id", field.as_str()] {
                participant[name] = odd.clone();
            }
        }
        value[&field] = odd;
        let _ = Conversation::from_json(value.to_string().as_bytes());
    }
}
