//! Policies: what is read, what is warned of, what is refused and where.

mod support;

use ghost_policy::Policy;
use ghost_policy::conversation::Media;
use ghost_policy::policy::Mode;
use std::time::Duration;
use support::DEFAULT_POLICY;

const MINUTES: u64 = 60;
const HOURS: u64 = 60 * MINUTES;
const DAYS: u64 = 24 * HOURS;

/// A policy with one rule, whose lines from the third on are these.
fn with_rule(lines: &str) -> String {
    format!("version: 1\nrules:\n{lines}")
}

fn refused(document: &str) -> (usize, usize, String) {
    let error = Policy::parse(document).unwrap_err();
    assert!(error.to_string().starts_with("the policy is refused: line "), "{error}");
    (error.line, error.column, error.reason)
}

/// What the standard tier of an SSM parameter takes.
const STANDARD_PARAMETER_CHARACTERS_MAX: usize = 4096;

#[test]
fn what_ships_fits_a_parameter_and_examples_read_without_warnings() {
    assert!(DEFAULT_POLICY.chars().count() <= STANDARD_PARAMETER_CHARACTERS_MAX);
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../infra/policy/examples");
    let documents: Vec<String> = std::fs::read_dir(examples)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert!(!documents.is_empty());
    for document in documents {
        assert_eq!(Policy::parse(&document).unwrap().1, [], "{document}");
    }
}

#[test]
fn the_default_policy_reads_without_warnings_and_only_observes() {
    let (policy, warnings) = Policy::parse(DEFAULT_POLICY).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(policy.mode, Mode::Observe);
    let [voice, digital] = policy.rules.as_slice() else { panic!("two rules") };
    assert_eq!(voice.matches.media, Some(vec![Media::Voice, Media::Callback]));
    assert_eq!(digital.matches.media, Some(vec![Media::Email, Media::Message, Media::Chat]));
    let seconds = |duration: Option<ghost_policy::duration::FriendlyDuration>| duration.map(|one| one.get().as_secs());
    let when = voice.ghost_when;
    assert_eq!(seconds(when.no_connected_party_for), Some(5 * MINUTES));
    assert_eq!(seconds(when.customer_gone_for), Some(15 * MINUTES));
    assert_eq!(seconds(when.agent_gone_for), Some(4 * HOURS));
    assert_eq!(seconds(when.waiting_for), Some(5 * DAYS));
    assert_eq!(seconds(when.after_call_work_for), Some(8 * HOURS));
    assert_eq!(seconds(when.idle_for), None);
    assert_eq!(seconds(digital.ghost_when.idle_for), Some(30 * DAYS));
}

#[test]
fn the_default_policy_says_the_defaults_and_every_line_of_it_is_explained() {
    let (policy, _) = Policy::parse(DEFAULT_POLICY).unwrap();
    let (bare, _) = Policy::parse("version: 1\nrules: []").unwrap();
    assert_eq!(policy, Policy { rules: policy.rules.clone(), ..bare });
    for line in DEFAULT_POLICY.lines().filter(|line| !line.is_empty()) {
        assert!(line.contains('#'), "{line}");
    }
}

#[test]
fn a_policy_written_out_reads_back_the_same() {
    let (policy, _) = Policy::parse(DEFAULT_POLICY).unwrap();
    let (again, _) = Policy::parse(&policy.to_yaml().unwrap()).unwrap();
    assert_eq!(again, policy);
}

#[test]
fn every_medium_has_its_name() {
    let names = "voice callback email message chat video cobrowse screenshare screenmonitoring internalmessage socialexpression";
    for name in names.split(' ') {
        let (policy, _) =
            Policy::parse(&with_rule(&format!("  - name: r\n    match: {{ media: [{name}] }}\n"))).unwrap();
        assert_eq!(policy.rules[0].matches.media.as_ref().unwrap()[0].as_str(), name);
    }
}

#[test]
fn a_second_is_long_enough_and_the_unusual_only_warns() {
    let document =
        with_rule("  - name: quick\n    match: { media: [voice] }\n    ghostWhen: { noConnectedPartyFor: 1s }\n");
    let (policy, warnings) = Policy::parse(&document).unwrap();
    assert_eq!(policy.rules[0].ghost_when.no_connected_party_for.unwrap().get(), Duration::from_secs(1));
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert_eq!((warning.line, warning.column), (5, 39));
    assert_eq!(warning.to_string(), "line 5, column 39: `noConnectedPartyFor: 1s` is unusually short: less than 1m");
}

#[test]
fn warns_of_what_is_unusual() {
    let cases = [
        ("version: 1\nrules: []", "there is no rule"),
        (&with_rule("  - name: r\n"), "has no test in `ghostWhen`"),
        (&with_rule("  - name: r\n    match: { media: [voice, voice] }\n"), "`media` says the same twice"),
        (
            &with_rule("  - name: r\n    match: { media: [voice] }\n    ghostWhen: { idleFor: 30d }\n"),
            "for email and message only",
        ),
        (
            &with_rule("  - name: r\n    match: { media: [chat] }\n    ghostWhen: { waitingFor: 5d }\n"),
            "for callback only",
        ),
        (&with_rule("  - name: r\n    ghostWhen: { waitingFor: 70d }\n"), "unusually long: more than 58d"),
        (
            &with_rule("  - name: any\n  - name: late\n    match: { media: [voice] }\n"),
            "rule `late` never decides: `any`",
        ),
        ("version: 1\nrules: []\nbreaker: { maxDisconnects: 0 }", "the breaker trips before"),
        ("version: 1\nrules: []\nconfirm: { looks: 1 }", "one look alone"),
        ("version: 1\nrules: []\nverify: { after: 1s }", "`after: 1s` is unusually short"),
        ("version: 1\nrules: []\nbreaker: { per: 2d }", "`per: 2d` is unusually long"),
    ];
    for (document, words) in cases {
        let (_, warnings) = Policy::parse(document).unwrap();
        assert!(warnings.iter().any(|warning| warning.words.contains(words)), "{document}\n{warnings:?}");
    }
}

#[test]
fn refuses_what_is_wrong_with_line_column_and_reason() {
    let cases = [
        ("", 1, 1, "missing field `version`"),
        ("rules: []", 1, 1, "missing field `version`"),
        ("version: 1", 1, 1, "missing field `rules`"),
        ("version: 2\nrules: []", 1, 10, "version 2 is not known"),
        ("version: 1\nmood: bad\nrules: []", 2, 1, "unknown field `mood`"),
        ("version: 1\nmode: punish\nrules: []", 2, 7, "unknown variant `punish`"),
        ("version: 1\nrules: []\nconfirm: { looks: 2, every: 1m, looks: 3 }", 3, 33, "duplicate field `looks`"),
        ("version: 1\nrules: []\nrules: []", 3, 1, "duplicate field `rules`"),
        ("version: 1\nrules: []\nconfirm: { looks: 0 }", 3, 19, "looked at once at least"),
        ("version: 1\nrules: []\nverify: { attempts: 0 }", 3, 21, "one attempt at least"),
        ("version: 1\nrules: []\nbreaker: { maxDisconnects: -1 }", 3, 28, "invalid type: integer `-1`"),
        ("version: 1\nrules: []\nexclude: { queues: [a, ' '] }", 3, 24, "a blank entry in `queues`"),
        (&with_rule("  - name: ' '\n"), 3, 11, "not blank"),
        (&with_rule("  - match: {}\n"), 3, 5, "missing field `name`"),
        (&with_rule("  - name: a\n  - name: b\n  - name: a\n"), 5, 11, "two rules are named `a`"),
        (&with_rule("  - name: a\n    match: { media: [fax] }\n"), 4, 22, "unknown variant `fax`"),
        (&with_rule("  - name: a\n    match: { media: [] }\n"), 4, 21, "fits nothing"),
        (&with_rule("  - name: a\n    match: { queues: [''] }\n"), 4, 23, "a blank entry in `queues`"),
        // All entries are taken out: that must not make it any queue.
        (
            &with_rule("  - name: a\n    match:\n      queues:\n        # - q-1\n      media: [voice]\n"),
            5,
            14,
            "`queues` has no value",
        ),
        (&with_rule("  - name: a\n    match: { queues: null }\n"), 4, 22, "`queues` has no value"),
        (
            &with_rule("  - name: a\n    match:\n      # media: [voice]\n    ghostWhen: { idleFor: 4d }\n"),
            4,
            11,
            "`match` has no value",
        ),
        (&with_rule("  - name: a\n    ghostWhen:\n"), 4, 15, "`ghostWhen` has no value"),
        (&with_rule("  - name: a\n    ghostWhen: { idleFor: ~ }\n"), 4, 27, "`idleFor` has no value"),
        ("version: 1\nrules: []\nexclude:\n  # queues: [q-1]\n", 3, 9, "`exclude` has no value"),
        ("version: 1\nrules: []\nexclude:\n  queues:\n", 4, 10, "no value"),
        ("version: 1\nrules: []\nmode:\n", 3, 6, "unknown variant ``"),
        ("version: 1\nrules: []\nbreaker:\n", 3, 9, "`breaker` has no value"),
        ("version: 1\nrules: []\nconfirm: { looks: 21 }", 3, 19, "20 at most"),
        ("version: 1\nrules: []\nverify: { attempts: 4000000000 }", 3, 21, "20 at most"),
        (&with_rule("  - name: a\n    ghostWhen:\n      idle: 4d\n"), 5, 7, "unknown field `idle`"),
        (&with_rule("  - name: a\n    ghostWhen:\n      idleFor: soon\n"), 5, 16, "`soon` is not a duration"),
        (&with_rule("  - name: a\n    ghostWhen:\n      idleFor: 300\n"), 5, 16, "`300` is not a duration"),
        (&with_rule("  - name: a\n    ghostWhen:\n      idleFor: 999ms\n"), 5, 16, "a second or more"),
        ("version: 1\nrules: [", 3, 1, "did not find expected"),
    ];
    for (document, line, column, words) in cases {
        let (at_line, at_column, reason) = refused(document);
        assert!(reason.contains(words), "{document}\n{reason}");
        assert_eq!((at_line, at_column), (line, column), "{document}\n{reason}");
    }
}
