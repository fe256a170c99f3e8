//! A plan of reminders as people write it: numbers of days before the deadline.

use crate::model::ReminderPlan;

/// The plan in a field: `7, 1`; empty for no reminders.
pub(in crate::http) fn written(plan: &ReminderPlan) -> String {
    let days: Vec<_> = plan.days().iter().map(ToString::to_string).collect();
    days.join(", ")
}

/// The plan that was typed: numbers, also with a letter for days as `7d` and `7T`, parted by anything else. Nothing is no
/// reminders; `None` for an invalid plan.
pub(in crate::http) fn typed(text: &str) -> Option<ReminderPlan> {
    let words = text.split([',', ';', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty());
    let days: Vec<_> =
        words.map(|word| format!("{}d", word.trim_end_matches(['d', 'D', 't', 'T']))).collect();
    if days.is_empty() { Some(ReminderPlan::off()) } else { days.join(",").parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_people_write_them() {
        for (text, plan) in [
            ("7, 1", "7d,1d"),
            (" 14d;3T ", "14d,3d"),
            ("1 7", "7d,1d"),
            ("", "off"),
            (" , ", "off"),
            ("0", "0d"),
        ] {
            let read = typed(text).unwrap();
            assert_eq!(read.to_string(), plan, "{text}");
            assert_eq!(typed(&written(&read)), Some(read), "{text}");
        }
        for wrong in ["x", "-1", "91", "07", "1.5", "6,5,4,3,2,1", "off"] {
            assert_eq!(typed(wrong), None, "{wrong}");
        }
    }
}
