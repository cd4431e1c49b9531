//! Random policies.

use ghost_policy::conversation::Media;
use ghost_policy::duration::FriendlyDuration;
use ghost_policy::policy::{Breaker, Confirm, Discovery, Exclude, GhostWhen, Match, Mode, Policy, Rule, Verify};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

/// A policy: most often in force, with durations from seconds to days, and some tests switched off.
pub fn policy(random: &mut StdRng) -> Policy {
    let mode = if random.random_bool(0.85) { Mode::Enforce } else { Mode::Observe };
    let voice = GhostWhen {
        no_connected_party_for: some(random, &[1, 20, 5 * MINUTE, HOUR]),
        customer_gone_for: some(random, &[2, 15 * MINUTE, HOUR]),
        agent_gone_for: some(random, &[3, HOUR, 4 * HOUR]),
        waiting_for: some(random, &[30, HOUR, DAY]),
        after_call_work_for: some(random, &[10, HOUR, 8 * HOUR]),
        idle_for: None,
    };
    let digital = GhostWhen {
        no_connected_party_for: some(random, &[1, 5 * MINUTE, HOUR]),
        after_call_work_for: some(random, &[10, HOUR, DAY]),
        // Longer than anything that happens between two signs of life in a script.
        idle_for: some(random, &[12 * HOUR, DAY, 2 * DAY]),
        ..GhostWhen::default()
    };
    Policy {
        version: 1,
        mode,
        rules: vec![
            rule("voice", &[Media::Voice, Media::Callback], voice),
            rule("digital", &[Media::Email, Media::Message, Media::Chat], digital),
        ],
        exclude: Exclude::default(),
        confirm: Confirm { looks: random.random_range(1..=3), every: one(random, &[1, 5, MINUTE, 10 * MINUTE]) },
        verify: Verify { after: one(random, &[1, 45, 5 * MINUTE]), attempts: random.random_range(1..=4) },
        breaker: Breaker { max_disconnects: random.random_range(1..=20), per: one(random, &[10, 10 * MINUTE, HOUR]) },
        discovery: Discovery { every: one(random, &[HOUR, 2 * HOUR, 6 * HOUR]), look_back: one(random, &[30 * DAY]) },
    }
}

fn rule(name: &str, media: &[Media], ghost_when: GhostWhen) -> Rule {
    Rule { name: name.to_owned(), matches: Match { media: Some(media.to_vec()), ..Match::default() }, ghost_when }
}

fn some(random: &mut StdRng, seconds: &[u32]) -> Option<FriendlyDuration> {
    random.random_bool(0.9).then(|| one(random, seconds))
}

fn one(random: &mut StdRng, seconds: &[u32]) -> FriendlyDuration {
    FriendlyDuration::from_seconds(seconds.choose(random).copied().unwrap_or(1))
}
