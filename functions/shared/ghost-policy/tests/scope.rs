//! Which rule decides on a conversation.

mod support;

use ghost_policy::{AliveReason, Policy, Verdict, evaluate, may_be_ghost};
use serde_json::{Value, json};
use support::{closed, conversation, days, minute, open, participant, read, with};

/// An orphan of an inbound call, itself outbound: the customer came through queue `q-1`, and somebody else stayed.
fn orphan() -> Value {
    let outbound = json!({ "direction": "outbound", "provider": "WebRTC" });
    conversation(&[
        with(participant("p-1", "customer", "calls", closed("l-1", 0, 9)), &json!({ "queueId": "q-1" })),
        participant("p-3", "agent", "calls", closed("l-3", 1, 9)),
        participant("p-4", "external", "calls", with(open("l-4", 5), &outbound)),
    ])
}

/// A policy in which each rule has one of these matches and the same test.
fn policy(matches: &[&str]) -> Policy {
    let rule = |one: &&str| {
        format!("  - {{ name: 'by {one}', match: {{ {one} }}, ghostWhen: {{ agentGoneFor: 4h, waitingFor: 5d }} }}")
    };
    let rules = matches.iter().map(rule).collect::<Vec<_>>().join("\n");
    Policy::parse(&format!("version: 1\nrules:\n{rules}")).unwrap().0
}

/// The rule, if any, by which the conversation is a ghost in the end.
fn decided_by(matches: &[&str], value: &Value) -> Option<String> {
    match evaluate(&policy(matches), &read(value), minute(days(30))) {
        Verdict::Ghost { rule, .. } => rule.strip_prefix("by ").map(str::to_owned),
        Verdict::Alive { why, .. } => {
            assert_eq!(why, [AliveReason::NoRuleFits]);
            None
        }
        Verdict::Ended => None,
    }
}

#[test]
fn every_list_of_a_match_must_have_one_of_its_values() {
    let fits = [
        "",
        "media: [voice]",
        "media: [email, voice]",
        "queues: [q-0, Q-1]",
        "divisions: [d-1]",
        "directions: [inbound]",
        "directions: [outbound]",
        "providers: [webrtc]",
        "media: [voice], queues: [q-1], divisions: [d-1], directions: [inbound], providers: [WebRTC]",
    ];
    for one in fits {
        assert_eq!(decided_by(&[one], &orphan()), Some(one.to_owned()));
    }
    let does_not_fit = ["media: [email]", "queues: [q-2]", "divisions: [d-2]", "media: [voice], queues: [q-2]"];
    for one in does_not_fit {
        assert_eq!(decided_by(&[one], &orphan()), None, "{one}");
    }
}

#[test]
fn the_first_rule_that_fits_decides() {
    assert_eq!(
        decided_by(&["queues: [q-2]", "media: [voice]", "media: [voice, chat]"], &orphan()).unwrap(),
        "media: [voice]"
    );
}

#[test]
fn those_who_are_there_decide_before_those_who_were() {
    assert_eq!(decided_by(&["providers: [Edge]"], &orphan()), None, "the one who is there is on another provider");
    let callback = conversation(&[
        participant("p-1", "customer", "calls", closed("l-1", 0, 5)),
        participant("p-2", "customer", "callbacks", open("l-2", 5)),
        participant("p-3", "acd", "callbacks", open("l-3", 5)),
    ]);
    assert_eq!(decided_by(&["media: [voice]", "media: [callback]"], &callback).unwrap(), "media: [callback]");
}

#[test]
fn a_rule_of_which_nothing_tells_whether_it_fits_keeps_laxer_ones_out() {
    let untold = |change: fn(&mut Value)| {
        let mut value = orphan();
        change(&mut value);
        value
    };
    let no_divisions = untold(|value| value["divisions"] = Value::Null);
    let half_read = untold(|value| value["divisions"] = json!([{ "division": { "id": "d-9" } }, { "division": {} }]));
    let no_provider = untold(|value| value["participants"][2]["calls"][0]["provider"] = Value::Null);
    let no_direction = untold(|value| value["participants"][2]["calls"][0]["direction"] = json!("sideways"));
    for (value, strict) in [
        (&no_divisions, "divisions: [d-1]"),
        (&no_divisions, "media: [voice], divisions: [d-2]"),
        (&half_read, "divisions: [d-1]"),
        (&no_provider, "providers: [Elsewhere]"),
        (&no_direction, "media: [voice], directions: [outbound]"),
    ] {
        let verdict = evaluate(&policy(&[strict, "media: [voice]"]), &read(value), minute(days(30)));
        let Verdict::Alive { why, look_again_at: None } = &verdict else { panic!("{strict}: {verdict}") };
        assert!(matches!(&why[..], [AliveReason::RuleUntold { .. }]), "{strict}: {verdict}");
        assert!(verdict.explain().contains(&format!("whether rule by {strict} decides cannot be told")), "{verdict}");
        // A look may tell.
        assert!(may_be_ghost(&policy(&[strict]), &read(value), minute(days(30))), "{strict}");
    }
    // Whatever else does not fit decides before what is not told.
    for strict in ["media: [email], divisions: [d-1]", "queues: [q-2], divisions: [d-1]"] {
        assert_eq!(decided_by(&[strict, "media: [voice]"], &no_divisions).unwrap(), "media: [voice]");
    }
    assert_eq!(decided_by(&["media: [voice]", "divisions: [d-1]"], &no_divisions).unwrap(), "media: [voice]");
    assert_eq!(decided_by(&["queues: [q-2]", "media: [voice]"], &orphan()).unwrap(), "media: [voice]");
}

#[test]
fn no_rule_after_the_first_that_fits_makes_a_ghost() {
    let never = "media: [voice]";
    let rules = format!(
        "version: 1\nrules:\n  - {{ name: never, match: {{ {never} }}, ghostWhen: {{ waitingFor: 5d }} }}\n  \
         - {{ name: soon, match: {{ {never} }}, ghostWhen: {{ agentGoneFor: 4h }} }}\n"
    );
    assert!(!may_be_ghost(&Policy::parse(&rules).unwrap().0, &read(&orphan()), minute(days(30))));
}

#[test]
fn a_division_that_is_not_told_keeps_out_of_an_exclusion() {
    let mut value = orphan();
    value["divisions"] = Value::Null;
    let mut policy = support::default_policy();
    assert!(evaluate(&policy, &read(&value), minute(days(1))).is_ghost());
    policy.exclude.divisions.push("d-9".to_owned());
    let verdict = evaluate(&policy, &read(&value), minute(days(1)));
    assert!(
        matches!(&verdict, Verdict::Alive { why, .. } if matches!(why[0], AliveReason::Excluded { .. })),
        "{verdict}"
    );
    assert!(may_be_ghost(&policy, &read(&value), minute(days(1))), "a look may tell");
}
