//! The OAuth clients that requests go through: lanes. One that cannot be used, or is not allowed to disconnect, leaves its share
//! to the others, and is named.

use jiff::{SignedDuration, Timestamp};

use super::{Drain, FIRST_PAUSE, Stop};
use crate::job;
use crate::ports::{NoAnswer, Ports};

/// So many refusals in a row are about the lane, not about conversations.
const MOST_REFUSALS: u32 = 20;
/// After a refusal, a lane of which nothing was taken yet lets the others have a try.
const REST: SignedDuration = SignedDuration::from_secs(10);

/// What is known of a lane.
#[derive(Debug, Clone, Default)]
pub(super) struct Lane {
    refusals_in_a_row: u32,
    /// A request of it was taken.
    works: bool,
    /// It is used no more.
    is_retired: bool,
    /// Why it is not used, for now or any more.
    trouble: Option<String>,
    rests_until: Option<Timestamp>,
}

impl<P: Ports> Drain<'_, P> {
    /// The lane's turn to send; none if it is retired, the run is stopped, or nobody wants it any more.
    pub(super) async fn turn(&self, lane: usize, is_wanted: impl Fn() -> bool) -> Option<P::Turn> {
        while self.goes_on() && is_wanted() && !self.lanes.borrow()[lane].is_retired {
            if self.lanes.borrow()[lane].rests_until > Some(self.ports.now()) {
                self.pause(FIRST_PAUSE).await;
                continue;
            }
            match self.ports.turn(lane).await {
                Ok(turn) => {
                    let lane = &mut self.lanes.borrow_mut()[lane];
                    // Another request of it may have been refused meanwhile.
                    if lane.is_retired {
                        return None;
                    }
                    if lane.refusals_in_a_row == 0 {
                        lane.trouble = None;
                    }
                    return Some(turn);
                }
                Err(NoAnswer::ForNow { why, .. }) => {
                    self.give_up_in_time(&why);
                    self.lanes.borrow_mut()[lane].trouble = Some(why);
                    self.pause(FIRST_PAUSE).await;
                }
                Err(NoAnswer::ForGood(why)) => self.retire(lane, why),
            }
        }
        None
    }

    /// The lane's request was taken.
    pub(super) fn lane_works(&self, lane: usize) {
        let lane = &mut self.lanes.borrow_mut()[lane];
        (lane.works, lane.refusals_in_a_row, lane.trouble) = (true, 0, None);
    }

    /// The lane's request was refused. Tells whether that is about the conversation: others were taken.
    pub(super) fn lane_is_refused(&self, lane: usize, why: &str) -> bool {
        let (works, is_enough) = {
            let lane = &mut self.lanes.borrow_mut()[lane];
            lane.refusals_in_a_row += 1;
            if !lane.works {
                lane.trouble = Some(why.to_owned());
                lane.rests_until = Some(job::after(self.ports.now(), REST));
            }
            (lane.works, !lane.is_retired && lane.refusals_in_a_row >= MOST_REFUSALS)
        };
        if is_enough {
            self.retire(lane, why.to_owned());
        }
        works
    }

    fn retire(&self, lane: usize, why: String) {
        tracing::warn!(client = lane + 1, why, "a client cannot be used; the others go on");
        let nobody_is_left = {
            let mut lanes = self.lanes.borrow_mut();
            lanes[lane].is_retired = true;
            lanes[lane].trouble = Some(why.clone());
            lanes.iter().all(|lane| lane.is_retired)
        };
        if nobody_is_left {
            self.stop(Stop::Hopeless(why));
        }
    }

    /// What people should know of how the work goes.
    pub(super) fn remarks(&self) -> Vec<String> {
        let lanes = self.lanes.borrow();
        let named = |(number, lane): (usize, &Lane)| {
            let trouble = lane.trouble.as_ref()?;
            Some(format!("OAuth client {number} of {} is not used: {trouble}", lanes.len()))
        };
        let of_lanes = (1..).zip(lanes.iter()).filter_map(named);
        let no_activity = self.no_activity.borrow();
        let slow = |why| format!("each conversation costs a look, since the real-time views cannot be asked: {why}");
        of_lanes.chain(no_activity.as_ref().map(slow)).collect()
    }
}
