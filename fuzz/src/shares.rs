//! Parameters of the share API: a link allows no more than the client asked for, and dates come back as they were sent.

use bytes::Bytes;
use tresor::model::Zone;
use tresor::parsers::shares::{Parameters, change_of, last_day, sum_of};
use tresor::sharing::Expiry;

pub(super) fn parameters(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let Some(parameters) = Parameters::read(&query, &Bytes::copy_from_slice(data)) else { return };
    let asked = parameters.text("permissions").and_then(|sum| sum.trim().parse::<u64>().ok());
    for is_folder in [true, false] {
        let Ok(change) = change_of(&parameters, is_folder) else { continue };
        if let (Some(right), Some(asked)) = (change.right, asked) {
            assert_eq!(sum_of(right, is_folder) & !asked, 0, "{right} for {asked}");
        }
        if let Some(Expiry::Through(day)) = change.expires {
            let zone = Zone::utc();
            let shown = last_day(&zone, zone.end_of(day));
            let sent_back = Parameters::read(&format!("expireDate={shown}"), &Bytes::new()).expect("no body");
            let Ok(again) = change_of(&sent_back, is_folder) else { panic!("{shown} is refused") };
            assert_eq!(again.expires, Some(Expiry::Through(day)), "{shown}");
        }
    }
}
