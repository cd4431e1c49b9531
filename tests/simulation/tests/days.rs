//! Random days, thousands of them: `cargo test -p simulation`.
//!
//! `SIMULATION_SEEDS=1000000` plays that many, `SIMULATION_SEED=7` only the seventh, `SIMULATION_FIRST_SEED=20000` begins there.

use std::env;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use simulation::state::Counts;
use simulation::{Failed, play};

/// What is played if nothing else is asked for.
const SEEDS: u64 = 10_000;

#[test]
fn every_invariant_holds_on_every_day() {
    let seed = number("SIMULATION_SEED");
    let first = seed.or_else(|| number("SIMULATION_FIRST_SEED")).unwrap_or(0);
    let seeds = if seed.is_some() { 1 } else { number("SIMULATION_SEEDS").unwrap_or(SEEDS) };
    let (counts, failed) = play_all(first, first + seeds);
    println!("{seeds} days: {counts:#?}");
    if let Some(Failed { seed, violation }) = failed {
        panic!("{violation}\nPlay it again: SIMULATION_SEED={seed} cargo test -p simulation");
    }
    if seeds >= SEEDS {
        assert_eq!(missing(&counts), Vec::<&str>::new(), "these never happened, so they were not tested");
    }
}

/// What must have happened often for the days to mean something.
fn missing(counts: &Counts) -> Vec<&'static str> {
    let happened = [
        ("deaths", counts.deaths),
        ("ghosts", counts.ghosts),
        ("requests", counts.requests),
        ("conversations that came to life in between", counts.overtaken),
        ("resolved cases", counts.resolved),
        ("escalated cases", counts.escalated),
        ("trips of the breaker", counts.trips),
        ("conversations that nothing can be done about", counts.cursed),
        ("cases that were given up", counts.given_up),
        ("conversations that analytics goes on listing", counts.still_counted),
        ("outages of more than a day", counts.outages),
    ];
    happened.into_iter().filter(|(_, count)| *count == 0).map(|(what, _)| what).collect()
}

/// Plays the seeds on all processors, and stops at the first that fails.
fn play_all(first: u64, end: u64) -> (Counts, Option<Failed>) {
    let next = AtomicU64::new(first);
    let stop = AtomicBool::new(false);
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let play_some = || {
        let mut counts = Counts::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end || stop.load(Ordering::Relaxed) {
                return (counts, None);
            }
            match play(seed) {
                Ok(more) => counts += more,
                Err(failed) => {
                    stop.store(true, Ordering::Relaxed);
                    return (counts, Some(failed));
                }
            }
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(play_some)).collect();
        let mut total = (Counts::default(), None);
        for worker in workers {
            let (counts, failed) = worker.join().expect("a day does not panic");
            total.0 += counts;
            total.1 = total.1.or(failed);
        }
        total
    })
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
}
