//! When news become a mail.

use std::time::Duration;

use crate::model::Topic;

/// When news of a topic become a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Time for which nothing more of it must happen.
    pub quiet: Duration,
    /// Time from one mail to the next about the same space; also the longest delay of the first news.
    pub apart: Duration,
}

/// When news of a topic become a mail, where those of arrivals have this pace.
pub(super) fn pace(topic: Topic, arrivals: Pace) -> Pace {
    /// Longest time until a waiting person gets an answer, or a decider a question.
    const SOON: Pace = Pace { quiet: Duration::from_secs(20), apart: Duration::from_mins(2) };
    match topic {
        Topic::Arrived | Topic::NeededAgain => arrivals,
        Topic::Quarantined => Pace { quiet: arrivals.quiet.min(SOON.apart), apart: arrivals.apart },
        Topic::Asked
        | Topic::SecondNeeded
        | Topic::HandedOut
        | Topic::Declined
        | Topic::HandedIn
        | Topic::Answered
        | Topic::Released => {
            Pace { quiet: arrivals.quiet.min(SOON.quiet), apart: arrivals.apart.min(SOON.apart) }
        }
        // What one must know at once; several changes shortly after one another come together.
        Topic::Security => Pace { quiet: Duration::ZERO, apart: arrivals.apart.min(SOON.apart) },
        Topic::DecisionWaits | Topic::Reminder | Topic::Invitation | Topic::LinkUnfetched | Topic::Digest => {
            Pace { quiet: Duration::ZERO, apart: arrivals.apart }
        }
    }
}
