//! The rules, against random days and a model of the API's own counter.

use std::time::Duration;

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

use super::{CATCH_UP, Decision, Pace, Pacer, RateLimitHeaders, RateLimitUse, WINDOW};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn grants(pacer: &mut Pacer, now: Duration, asked: u32) -> u32 {
    let granted = (0..asked).take_while(|_| pacer.request(now) == Decision::Granted);
    u32::try_from(granted.count()).unwrap()
}

/// Waits as told until there is a permit: how long that took.
fn wait(pacer: &mut Pacer, began: Duration) -> Duration {
    let mut now = began;
    for _ in 0..10 {
        match pacer.request(now) {
            Decision::Granted => return now.abs_diff(began),
            Decision::WaitUntil(later) => {
                assert!(later > now, "asked to wait for what is past");
                now = later;
            }
        }
    }
    panic!("no permit after ten waits");
}

fn headers(count: u32, allowed: u32, reset: u64) -> RateLimitHeaders {
    RateLimitHeaders { count, allowed, reset: seconds(reset) }
}

#[test]
fn what_is_used_is_what_the_api_says_of_its_current_window() {
    let mut pacer = Pacer::new(300, 0, Pace::AsTheyCome);
    assert_eq!(pacer.used(Duration::ZERO), None);
    pacer.observe(Duration::ZERO, headers(7, 180, 30));
    assert_eq!(pacer.used(seconds(29)), Some(RateLimitUse { used: 7, allowed: 180 }));
    assert_eq!(pacer.used(seconds(30)), None, "the window is over");
}

#[test]
fn the_budget_is_what_is_allowed_less_the_reserve() {
    for (ceiling, reserve_percent, allowed, budget) in [
        (300, 0, None, 300),
        (300, 10, None, 270),
        (300, 10, Some(180), 162),
        (200, 0, Some(300), 200),
        (7, 10, None, 6),
    ] {
        let mut pacer = Pacer::new(ceiling, reserve_percent, Pace::AsTheyCome);
        if let Some(allowed) = allowed {
            pacer.observe(seconds(1), headers(0, allowed, 61));
        }
        assert_eq!(pacer.budget(), budget);
        assert_eq!(grants(&mut pacer, seconds(1), 1_000), budget);
    }
    for pacer in [
        Pacer::new(0, 0, Pace::AsTheyCome),
        Pacer::new(300, 100, Pace::AsTheyCome),
        Pacer::new(1, 99, Pace::AsTheyCome),
    ] {
        assert_eq!(pacer.budget(), 1, "there is always progress");
    }
}

#[test]
fn what_others_use_is_counted() {
    let mut pacer = Pacer::new(300, 0, Pace::AsTheyCome);
    assert_eq!(grants(&mut pacer, seconds(0), 1), 1);
    pacer.release();
    pacer.observe(seconds(1), headers(297, 300, 30));
    assert_eq!(grants(&mut pacer, seconds(1), 10), 3);
    assert_eq!(pacer.request(seconds(2)), Decision::WaitUntil(seconds(31)));
    // One is over and the API has not counted it yet: it will, so it still counts.
    pacer.release();
    pacer.observe(seconds(2), headers(298, 300, 29));
    assert_eq!(pacer.request(seconds(2)), Decision::WaitUntil(seconds(31)));
    // The others' requests leave with the window, ours with their minute.
    assert_eq!(grants(&mut pacer, seconds(31), 1_000), 296);
}

#[test]
fn the_room_is_how_many_more_would_be_granted() {
    let mut pacer = Pacer::new(10, 0, Pace::AsTheyCome);
    assert_eq!(pacer.room(seconds(0)), 10);
    assert_eq!(grants(&mut pacer, seconds(0), 2), 2);
    assert_eq!(pacer.room(seconds(0)), 8);
    pacer.observe(seconds(1), headers(5, 10, 60));
    assert_eq!(pacer.room(seconds(1)), 3);
    assert_eq!(grants(&mut pacer, seconds(1), 10), 3);
    assert_eq!(pacer.room(seconds(1)), 0);
    pacer.close(seconds(50), seconds(20));
    assert_eq!((pacer.room(seconds(69)), pacer.room(seconds(70))), (0, 10));
}

#[test]
fn a_pause_is_for_everyone_and_ends() {
    let mut pacer = Pacer::new(300, 0, Pace::AsTheyCome);
    pacer.close(seconds(10), seconds(7));
    pacer.close(seconds(10), seconds(3));
    assert_eq!(pacer.request(seconds(16)), Decision::WaitUntil(seconds(17)));
    assert_eq!(pacer.request(seconds(17)), Decision::Granted);
}

#[test]
fn the_lowest_limit_holds_for_a_window_more() {
    let mut pacer = Pacer::new(300, 0, Pace::AsTheyCome);
    pacer.observe(seconds(0), headers(1, 180, 60));
    pacer.observe(seconds(1), headers(2, 300, 59));
    assert_eq!(pacer.budget(), 180);
    pacer.observe(seconds(60), headers(1, 300, 60));
    assert_eq!(pacer.budget(), 180);
    pacer.observe(seconds(120), headers(1, 300, 60));
    assert_eq!(pacer.budget(), 300);
}

#[test]
fn a_window_that_lasts_for_ever_is_not_believed() {
    let mut pacer = Pacer::new(300, 0, Pace::AsTheyCome);
    pacer.observe(seconds(0), headers(300, 300, 60_000));
    assert_eq!(wait(&mut pacer, seconds(0)), seconds(120));
}

#[test]
fn answers_that_overtake_each_other_do_no_harm() {
    let mut pacer = Pacer::new(100, 0, Pace::AsTheyCome);
    pacer.observe(seconds(1), headers(90, 100, 60));
    pacer.observe(seconds(2), headers(50, 100, 60));
    assert_eq!(grants(&mut pacer, seconds(2), 100), 10);
}

#[test]
fn an_even_pace_follows_what_is_announced_and_makes_up_for_short_pauses_only() {
    let mut pacer = Pacer::new(300, 0, Pace::Even);
    assert_eq!(grants(&mut pacer, seconds(0), 10), 1);
    pacer.release();
    assert_eq!(pacer.request(seconds(0)), Decision::WaitUntil(Duration::from_millis(200)));
    pacer.observe(seconds(1), headers(1, 600, 60));
    assert_eq!(pacer.budget(), 600, "more than was assumed");
    let mut now = seconds(10);
    // After a pause, what came due in the last two seconds goes at once; then one every tenth of a second.
    assert_eq!(grants(&mut pacer, now, 100), 20 + 1);
    for _ in 0..50 {
        now += wait(&mut pacer, now);
        assert_eq!(grants(&mut pacer, now, 1), 0);
    }
    assert_eq!(now, seconds(15));
    assert_eq!(CATCH_UP, seconds(2));
}

#[test]
fn an_even_pace_uses_all_that_is_allowed() {
    let mut pacer = Pacer::new(300, 0, Pace::Even);
    let mut server = Server { window_begins: 17_000, allowed: 240, others: 0, window: None, count: 0 };
    let (mut now, mut sent) = (seconds(0), 0);
    while now < seconds(600) {
        now += wait(&mut pacer, now);
        // A little late each time, as timers are, and a second late now and then, as answers are.
        now += Duration::from_millis(if sent % 40 == 39 { 1_000 } else { 1 });
        let (headers, refused) = server.count(now);
        assert!(!refused);
        pacer.release();
        pacer.observe(now, headers);
        sent += 1;
    }
    assert!(sent >= 240 * 10 * 97 / 100, "{sent} of 2,400");
}

#[derive(Debug, Clone)]
enum Step {
    Pass(u64),
    Ask(u32),
    Answer { count: u32, allowed: u32, reset: u64 },
    Close(u64),
}

fn pace() -> impl Strategy<Value = Pace> {
    prop_oneof![Just(Pace::AsTheyCome), Just(Pace::Even)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..40_000_u64).prop_map(Step::Pass),
        4 => (1..60_u32).prop_map(Step::Ask),
        3 => (0..120_u32, 0..120_u32, 0..70_u64)
            .prop_map(|(count, allowed, reset)| Step::Answer { count, allowed, reset }),
        1 => (0..100_u64).prop_map(Step::Close),
    ]
}

proptest! {
    /// Whatever the API says and whenever: in the minute up to any permit, no more were given than the budget of then. And
    /// however it stands at the end, one who waits as told gets a permit.
    #[test]
    fn no_minute_has_more_permits_than_the_budget_and_there_is_always_progress(
        ceiling in 1..100_u32,
        reserve_percent in 0..=100_u8,
        pace in pace(),
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut pacer = Pacer::new(ceiling, reserve_percent, pace);
        let mut now = Duration::ZERO;
        let mut granted: Vec<Duration> = Vec::new();
        let mut longest_pause = Duration::ZERO;
        for step in steps {
            match step {
                Step::Pass(milliseconds) => now += Duration::from_millis(milliseconds),
                Step::Ask(asked) => {
                    for _ in 0..asked {
                        if pacer.request(now) != Decision::Granted {
                            break;
                        }
                        granted.push(now);
                        let in_the_last_minute = granted.iter().filter(|at| **at + WINDOW > now).count();
                        assert!(in_the_last_minute <= pacer.budget() as usize);
                        assert!(pacer.budget() <= ceiling || pace == Pace::Even);
                    }
                }
                Step::Answer { count, allowed, reset } => {
                    pacer.release();
                    pacer.observe(now, headers(count, allowed, reset));
                    assert!(pacer.budget() <= allowed.max(1));
                }
                Step::Close(pause) => {
                    longest_pause = longest_pause.max(seconds(pause));
                    pacer.close(now, seconds(pause));
                }
            }
        }
        assert!(wait(&mut pacer, now) <= longest_pause.max(seconds(70)));
    }

    /// Against a counter as the platform has it, with windows that begin when it likes and others using the same token: alone
    /// on its token it is never refused, and never twice in a row in company. It uses what there is.
    #[test]
    fn a_counter_as_the_platforms_refuses_nobody_twice_in_a_row(
        allowed in 1..60_u32,
        window_begins in 0..60_000_u64,
        others in prop_oneof![2 => Just(0), 1 => 1..30_u32],
        pauses in proptest::collection::vec(0..1_500_u64, 200),
        ask_much in any::<bool>(),
        pace in pace(),
    ) {
        let mut pacer = Pacer::new(300, 0, pace);
        let mut server = Server { window_begins, allowed, others, window: None, count: 0 };
        let mut now = Duration::ZERO;
        let mut refused_before = false;
        for pause in pauses {
            now += Duration::from_millis(if ask_much { 0 } else { pause });
            now += wait(&mut pacer, now);
            let (headers, refused) = server.count(now);
            pacer.release();
            pacer.observe(now, headers);
            if refused {
                pacer.close(now, headers.reset);
            }
            assert!(!refused || others > 0, "refused, though alone");
            assert!(!refused || !refused_before || others >= allowed, "refused twice in a row");
            refused_before = refused;
        }
    }
}

/// The API's fixed windows of a minute. Others use their part as each window begins.
struct Server {
    window_begins: u64,
    allowed: u32,
    others: u32,
    window: Option<u64>,
    count: u32,
}

impl Server {
    fn count(&mut self, now: Duration) -> (RateLimitHeaders, bool) {
        let minute_ms = 60_000;
        let now_ms = u64::try_from(now.as_millis()).unwrap() + minute_ms - self.window_begins;
        let window = now_ms / minute_ms;
        if self.window != Some(window) {
            self.window = Some(window);
            self.count = self.others;
        }
        self.count += 1;
        let left_ms = (window + 1) * minute_ms - now_ms;
        (headers(self.count, self.allowed, left_ms.div_ceil(1_000)), self.count > self.allowed)
    }
}
