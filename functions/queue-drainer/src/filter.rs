//! Whether a row of analytics is one that the request asks for, and if not, why not. Pure.
//!
//! A filter that cannot be evaluated excludes.

use std::collections::BTreeMap;

use genesys_cloud::api::DetailsRow;
use genesys_cloud::api::details::Details;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::request::DrainRequest;
use crate::standing::{self, Standing};

/// Why a conversation is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Skip {
    /// An agent has it.
    Accepted,
    /// It began too short a time before the request, or after it.
    TooYoung,
    /// Its media type is not asked for.
    OtherMedia,
    /// Its direction or sender is not asked for, or it began before the time that is looked back on.
    Excluded,
    /// It is on, but does not wait in this queue.
    NotWaiting,
    /// It could not be told where it stands.
    Unclear,
    /// Another job has disconnected it a moment ago.
    OtherJob,
}

/// How many are left alone, by reason.
pub type Skipped = BTreeMap<Skip, u64>;

/// What to do about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Disconnect it.
    Drain,
    /// Look at it first: the row can't tell.
    Look,
    /// Leave it alone.
    Skip(Skip),
    /// It has ended: nothing to do.
    Over,
}

/// Puts a row to the request, which was made at that time.
pub fn judge(request: &DrainRequest, requested_at: Timestamp, row: &DetailsRow) -> Verdict {
    let standing = standing::of_row(row.details.as_ref(), &request.queue_id);
    match standing {
        Standing::Over => return Verdict::Over,
        Standing::Accepted => return Verdict::Skip(Skip::Accepted),
        Standing::Elsewhere => return Verdict::Skip(Skip::NotWaiting),
        Standing::Waits | Standing::Unclear => {}
    }
    let Some(details) = &row.details else { return Verdict::Skip(Skip::Unclear) };
    if let Some(skip) = skipped(request, requested_at, row, details) {
        return Verdict::Skip(skip);
    }
    if standing == Standing::Waits { Verdict::Drain } else { Verdict::Look }
}

fn skipped(request: &DrainRequest, requested_at: Timestamp, row: &DetailsRow, details: &Details) -> Option<Skip> {
    let session = standing::waiting_session(details, &request.queue_id);
    let media = session.and_then(|session| session.media_type.as_deref());
    let is_asked_for = |media: &str| request.media_types.iter().any(|asked| asked.eq_ignore_ascii_case(media));
    if !request.media_types.is_empty() && !media.is_some_and(is_asked_for) {
        return Some(Skip::OtherMedia);
    }
    let direction = || session.and_then(|session| session.direction.as_deref());
    let direction = || details.originating_direction.as_deref().or_else(direction);
    let goes = |asked: &String| direction().is_some_and(|direction| direction.eq_ignore_ascii_case(asked));
    if !request.direction.as_ref().is_none_or(goes) || (!request.from.is_empty() && !row.is_from(&request.from)) {
        return Some(Skip::Excluded);
    }
    // Analytics lists all of each day that is touched.
    let oldest = requested_at.checked_sub(SignedDuration::try_from(request.look_back).unwrap_or(SignedDuration::MAX));
    let is_too_old = |start: Timestamp| oldest.is_ok_and(|oldest| start < oldest);
    if details.conversation_start.is_some_and(is_too_old) {
        return Some(Skip::Excluded);
    }
    let youngest = requested_at.checked_sub(SignedDuration::try_from(request.older_than).unwrap_or_default());
    let is_old = |start: Timestamp| youngest.is_ok_and(|youngest| start <= youngest);
    (!details.conversation_start.is_some_and(is_old)).then_some(Skip::TooYoung)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{Skip, Verdict, judge};
    use crate::request::DrainRequest;
    use crate::testing::{minute, participant, request, row, waiting};

    fn verdict(change: impl FnOnce(&mut DrainRequest)) -> Verdict {
        let mut request = request();
        change(&mut request);
        judge(&request, minute(60), &waiting("c", 0))
    }

    #[test]
    fn every_filter_must_hold() {
        assert_eq!(verdict(|_| {}), Verdict::Drain);
        assert_eq!(verdict(|request| request.media_types = vec!["email".into()]), Verdict::Drain);
        assert_eq!(verdict(|request| request.media_types = vec!["voice".into()]), Verdict::Skip(Skip::OtherMedia));
        assert_eq!(verdict(|request| request.direction = Some("inbound".into())), Verdict::Drain);
        assert_eq!(verdict(|request| request.direction = Some("outbound".into())), Verdict::Skip(Skip::Excluded));
        assert_eq!(verdict(|request| request.from = vec!["SPAM@example.com".into()]), Verdict::Drain);
        assert_eq!(verdict(|request| request.from = vec!["ham@example.com".into()]), Verdict::Skip(Skip::Excluded));
        assert_eq!(verdict(|request| request.older_than = Duration::from_hours(1)), Verdict::Drain);
        assert_eq!(verdict(|request| request.older_than = Duration::from_secs(3_601)), Verdict::Skip(Skip::TooYoung));
    }

    #[test]
    fn what_began_before_the_time_looked_back_on_is_not_part_of_it() {
        let back = |secs| verdict(|request| request.look_back = Duration::from_secs(secs));
        assert_eq!(back(3_600), Verdict::Drain);
        assert_eq!(back(3_599), Verdict::Skip(Skip::Excluded), "though it began on the same day");
    }

    #[test]
    fn what_began_after_the_request_is_not_part_of_it() {
        assert_eq!(judge(&request(), minute(60), &waiting("c", 61)), Verdict::Skip(Skip::TooYoung));
    }

    #[test]
    fn a_filter_that_cannot_be_evaluated_excludes() {
        let mut bare = participant("acd", "interact", None);
        for field in ["mediaType", "direction", "addressFrom"] {
            bare["sessions"][0][field] = json!(null);
        }
        let bare = row("c", 0, &[bare]);
        assert_eq!(judge(&request(), minute(60), &bare), Verdict::Drain);
        let email = DrainRequest { media_types: vec!["email".into()], ..request() };
        assert_eq!(judge(&email, minute(60), &bare), Verdict::Skip(Skip::OtherMedia));
        let inbound = DrainRequest { direction: Some("inbound".into()), ..request() };
        assert_eq!(judge(&inbound, minute(60), &bare), Verdict::Skip(Skip::Excluded));
        let from = DrainRequest { from: vec!["spam@example.com".into()], ..request() };
        assert_eq!(judge(&from, minute(60), &bare), Verdict::Skip(Skip::Excluded));
    }

    #[test]
    fn what_the_row_cannot_tell_is_looked_at() {
        let stranger = row("c", 0, &[participant("acd", "interact", None), participant("hologram", "interact", None)]);
        assert_eq!(judge(&request(), minute(60), &stranger), Verdict::Look);
    }
}
