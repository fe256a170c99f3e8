//! Every page in both languages. The tables of `text` say what to look for, so a new sentence is covered as well.

use serde_json::Value;
use tresor::text::{Language, PAGES, Sentence};

use super::fixture::shared_with;
use crate::support::TestServer;
use crate::support::browser::{Browser, hidden, leads_to};
use crate::support::http::{Request, Response};
use crate::support::pdfs;
use crate::support::process::{succeed, tool};
use crate::support::server::{PASSWORD, SPACE, USER};

const SHARES: &str = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json";
const FORM: &str = "application/x-www-form-urlencoded";
/// The types that browsers accept.
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Sentences that no page of [`Reader::pages`] shows, and why. Rendering them is tested where they are written.
const UNSEEN: &[(&str, &str)] = &[
    ("AccountTexts::reach_at", "needs an address: `http::account`"),
    ("AccountTexts::saved", "shown after a form: `http::account`"),
    ("AccountTexts::uploads_title", "needs an upload that broke off: `http::account`"),
    ("AccountTexts::uploads_about", "needs an upload that broke off: `http::account`"),
    ("AccountTexts::upload_part", "needs an upload that broke off: `http::account`"),
    ("AccountTexts::upload_begun", "needs an upload that broke off: `http::account`"),
    ("AccountTexts::discard", "needs an upload that broke off: `http::account`"),
    ("AccountTexts::discarded", "needs an upload that broke off: `http::account`"),
    ("AccountTexts::device_until", "needs a device password that ends"),
    ("AdministrationTexts::no_password", "needs a person with device passwords only"),
    ("AdministrationTexts::logo_remove", "`http::administration`"),
    ("ArchiveTexts::too_many", "needs 100,000 files"),
    ("ArchiveTexts::one_held", "in an archive: `http::withheld`"),
    ("ArchiveTexts::many_held", "in an archive: `http::withheld`"),
    ("ArchiveTexts::renamed", "in an archive: `http::archives`"),
    ("ArchiveTexts::more_renamed", "in an archive, needs 5,000 files"),
    ("AskedTexts::was_until", "needs a date that is over"),
    ("AskedTexts::send", "for screen readers"),
    ("AskedTexts::answered", "needs an answer: `notices::asked`"),
    ("AskedTexts::too_many_comments", "needs 50 comments"),
    ("AskingTexts::bad_plan", "needs a mail server: `notices::reminders`"),
    ("AskingTexts::too_many", "needs 20,000 requests"),
    ("AskingTexts::not_made", "needs a right that was taken meanwhile"),
    ("AskingTexts::letter_code", "needs a mail server: `notices::codes`"),
    ("AskingTexts::code_by_mail", "needs a mail server: `notices::codes`"),
    ("AskingTexts::code_about", "needs a mail server: `notices::codes`"),
    ("AskingTexts::no_code_address", "needs a mail server: `notices::codes`"),
    ("AskingTexts::no_codes", "needs a mail server: `notices::codes`"),
    ("BrowseTexts::more", "needs 2,000 files"),
    ("CheckTexts::other_items", "for screen readers"),
    ("CheckTexts::files", "for screen readers"),
    ("CheckTexts::nothing_yet", "needs a request without files: `http::checking`"),
    ("CodeTexts::title", "needs a mail server: `notices::codes`"),
    ("CodeTexts::about", "needs a mail server: `notices::codes`"),
    ("CodeTexts::ask", "needs a mail server: `notices::codes`"),
    ("CodeTexts::ask_again", "needs a mail server: `notices::codes`"),
    ("CodeTexts::have_code", "needs a mail server: `notices::codes`"),
    ("CodeTexts::sent", "needs a mail server: `notices::codes`"),
    ("CodeTexts::code", "needs a mail server: `notices::codes`"),
    ("CodeTexts::wrong", "needs a mail server: `notices::codes`"),
    ("CodeTexts::later", "needs a mail server: `notices::codes`"),
    ("CodeTexts::not_arrived", "needs a mail server: `notices::codes`"),
    ("DeviceTexts::own_certificate", "needs TLS: `http::devices`"),
    ("DeviceTexts::own_certificate_windows", "needs TLS: `http::devices`"),
    ("DeviceTexts::own_certificate_fetch", "needs TLS: `http::devices`"),
    ("DeviceTexts::secure", "needs TLS: `http::devices`"),
    ("DeviceTexts::hint_nothing", "needs TLS: `http::devices`"),
    ("DeviceTexts::refused_factor", "needs a second factor"),
    ("DeviceTexts::refused_many", "locks this test's address out"),
    ("DeviceTexts::why_full", "needs a full space"),
    ("DeviceTexts::why_busy", "needs more requests at once than there are turns"),
    ("DeviceTexts::why_server", "needs a broken disk"),
    ("ErrorTexts::encrypted_only_title", "needs a server behind a proxy"),
    ("ErrorTexts::encrypted_only", "needs a server behind a proxy"),
    ("ErrorTexts::not_now", "needs a disk that failed"),
    ("ErrorTexts::locked_title", "needs a locked server: start::locked"),
    ("ErrorTexts::locked", "needs a locked server: start::locked"),
    ("ErrorTexts::failed_title", "needs a fault"),
    ("ErrorTexts::failed", "needs a fault"),
    ("FilesTexts::path", "for screen readers"),
    ("FilesTexts::search_label", "for screen readers"),
    ("FilesTexts::search_kind", "in the Nextcloud apps: `nextcloud::search`"),
    ("FilesTexts::search_nothing_yet", "needs two million entries"),
    ("FilesTexts::search_first", "needs more hits than a page shows: `http::search`"),
    ("FilesTexts::search_further", "needs more hits than a page shows: `http::search`"),
    ("FilesTexts::search_next", "needs more hits than a page shows: `http::search`"),
    ("FilesTexts::search_top", "needs more hits than a page shows: `http::search`"),
    ("FilesTexts::held_one", "needs a scanner: intake::pages"),
    ("FilesTexts::held", "needs a scanner: intake::pages"),
    ("FilesTexts::choose", "for screen readers"),
    ("FilesTexts::next", "needs more files than a page shows: `http::files`"),
    ("FilesTexts::first", "needs more files than a page shows: `http::files`"),
    ("FilesTexts::choose_title", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::choose_for", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::choose_for_one", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::choose_space", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::choose_above", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::choose_none", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::choose_cut", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::move_here", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::copy_here", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::new_folder_here", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::choose_cancel", "needs a folder to be chosen: `http::files`"),
    ("FilesTexts::checked", "needs a scanner"),
    ("FilesTexts::view_version", "for screen readers"),
    ("FilesTexts::download_version", "for screen readers"),
    ("FilesTexts::is_earlier", "needs an earlier version: `http::viewing`"),
    ("FilesTexts::version_withheld", "needs a scanner"),
    ("FilesTexts::history_none", "needs a file without events"),
    ("FilesTexts::history_further", "needs many events of other files: `http::files`"),
    ("FilesTexts::history_pages", "for screen readers"),
    ("FilesTexts::history_latest", "needs more events than a page shows: `http::files`"),
    ("FilesTexts::history_earlier", "needs more events than a page shows: `http::files`"),
    ("FilesTexts::too_many_chosen", "needs 1,001 selected files"),
    ("FilesTexts::examined", "needs a scanner"),
    ("FilesTexts::too_large", "needs a folder with more entries than one copy may have"),
    ("FilesTexts::denied", "needs a right that ended: `http::files`"),
    ("FilesTexts::too_many_files", "needs a form with more parts than are allowed"),
    ("FilesTexts::not_now", "needs a disk that failed"),
    ("FilesTexts::failed", "needs a broken disk"),
    ("HandInTexts::set_aside", "needs a scanner"),
    ("HandInTexts::gone", "needs a file that was removed for good"),
    ("HandInTexts::under_way_title", "needs an upload that is under way: `http::sending`"),
    ("HandInTexts::under_way", "needs an upload that is under way: `http::sending`"),
    ("HandInTexts::under_way_about", "needs an upload that is under way: `http::sending`"),
    ("HandInTexts::go_on_sending", "needs an upload that is under way: `http::sending`"),
    ("HandInTexts::finish_without", "needs an upload that is under way: `http::sending`"),
    ("HandInTexts::used_up", "needs two persons at the same moment: `http::hand_in`"),
    ("HandInTexts::failed", "needs a broken disk"),
    ("HandInTexts::late", "needs a deadline that is over: `sharing::hand_in`"),
    ("HoldingTexts::about_waiting", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::nothing_yet", "needs 2,000 files"),
    ("HoldingTexts::later_items", "needs more than 50 files: intake::pages"),
    ("HoldingTexts::filter", "for screen readers"),
    ("HoldingTexts::due_over", "needs a scanner: intake::pages"),
    ("HoldingTexts::kind", "needs a scanner: intake::pages"),
    ("HoldingTexts::obstacle", "needs a scanner: intake::pages"),
    ("HoldingTexts::sender", "needs a mail: intake::mail"),
    ("HoldingTexts::unverified", "needs a mail: intake::mail"),
    ("HoldingTexts::no_sender", "needs a mail: intake::mail"),
    ("HoldingTexts::attachments_missing", "needs a mail: intake::mail"),
    ("HoldingTexts::second", "needs two persons: intake::second"),
    ("HoldingTexts::waits_for_second", "needs two persons: intake::second"),
    ("HoldingTexts::awaits_second", "needs two persons: intake::second"),
    ("HoldingTexts::two_persons", "needs two persons: intake::second"),
    ("HoldingTexts::first_done", "needs two persons: intake::second"),
    ("HoldingTexts::awaits_office", "needs an item that waits for a decision, and a person who waits for it"),
    ("HoldingTexts::asked_for", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::asked_by_you", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::single_persons", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::former_reader", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::has_it", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::asks", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::declined", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::decline", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::decline_done", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::original", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::you_have_it", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::ask_about", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::ask_why", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::ask", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::ask_done", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::you_asked", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::open_original", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::handed_out_done", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::open_pdf", "needs a converter: intake::documents"),
    ("HoldingTexts::open_pdfs", "needs a converter: intake::documents"),
    ("HoldingTexts::pdfs_missing", "needs a converter: intake::documents"),
    ("HoldingTexts::pdf_next", "needs LibreOffice: `intake::documents`"),
    ("HoldingTexts::pdf_after", "needs LibreOffice: `intake::documents`"),
    ("HoldingTexts::no_pdf", "needs a converter: intake::documents"),
    ("HoldingTexts::signatures", "needs a scanner: intake::pages"),
    ("HoldingTexts::signatures_of", "needs a scanner: intake::pages"),
    ("HoldingTexts::optional", "needs several scanners: intake::engines"),
    ("HoldingTexts::no_history", "needs events of more than a year ago"),
    ("HoldingTexts::several_first", "needs two persons: `intake::several`"),
    ("HoldingTexts::release_done", "needs a scanner: intake::pages"),
    ("HoldingTexts::withdraw_own_about", "needs a person who waits: `intake::asking`"),
    ("HoldingTexts::password_title", "needs a scanner: intake::passwords"),
    ("HoldingTexts::password_about", "needs a scanner: intake::passwords"),
    ("HoldingTexts::password_give", "needs a scanner: intake::passwords"),
    ("HoldingTexts::password_done", "needs a scanner: intake::passwords"),
    ("HoldingTexts::password_partly", "needs a scanner: intake::passwords"),
    ("HoldingTexts::password_wrong", "needs a scanner: intake::passwords"),
    ("HoldingTexts::not_opened", "needs a scanner: intake::passwords"),
    ("HoldingTexts::too_many_passwords", "needs a scanner: intake::passwords"),
    ("HoldingTexts::same_person", "needs two persons: intake::second"),
    ("HoldingTexts::changed", "needs two decisions at once"),
    ("HoldingTexts::allowed_until", "needs a content that is let in: `intake::allow`"),
    ("HoldingTexts::allowed_once", "needs a content that is let in: `intake::allow`"),
    ("HoldingTexts::allow_done", "needs a content that is let in: `intake::allow`"),
    ("HoldingTexts::disallow", "needs a content that is let in: `intake::allow`"),
    ("HoldingTexts::disallow_done", "needs a content that is let in: `intake::allow`"),
    ("HoldingTexts::too_many_allowed", "needs a content that is let in: `intake::allow`"),
    ("HoldingTexts::not_overridden", "needs two persons: `intake::allow`"),
    ("HoldingTexts::not_allowed", "needs a content that is let in: `intake::allow`"),
    ("HoldingTexts::no_recipient", "needs a person who lost the right meanwhile: `intake::asking`"),
    ("HoldingTexts::no_hash", "needs a file larger than what is hashed at once"),
    ("HoldingTexts::failed", "needs a broken disk"),
    ("InvitingTexts::invite", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::invite_about", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::invite_all", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::at_once", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::at_once_about", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::made", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::sent", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::waiting", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::not_sent", "needs a mail server: `notices::invitations`"),
    ("InvitingTexts::came_back", "needs a mail server: `notices::invitations`"),
    ("LinkTexts::busy", "needs more logins at once than there are turns"),
    ("LinkTexts::left_once", "needs a link that counts its downloads: `http::downloads`"),
    ("LinkTexts::left_times", "needs a link that counts its downloads: `http::downloads`"),
    ("LinkTexts::being_fetched", "needs a link that counts its downloads: `http::downloads`"),
    ("LinkTexts::more", "needs 2,000 files"),
    ("LinkTexts::being_edited", "a form replaces no file, so it meets no lock"),
    ("LinkTexts::too_many", "needs a form with more parts than are allowed"),
    ("LinkTexts::not_stored", "needs a broken disk"),
    ("LoginTexts::one_minute_left", "needs 19 minutes"),
    ("LoginTexts::other_network", "needs two addresses"),
    ("LoginTexts::code", "needs a second factor"),
    ("LoginTexts::send_by_passkey", "needs a server with a name: `http::passkeys`"),
    ("LoginTexts::code_needed", "needs a second factor"),
    ("LoginTexts::wrong_code", "needs a second factor"),
    ("LoginTexts::throttled", "locks this test's address out"),
    ("LoginTexts::busy", "needs more logins at once than there are turns"),
    ("LoginTexts::too_many_devices", "needs 100 devices"),
    ("LoginTexts::failed", "needs a broken disk"),
    ("MatrixTexts::cut", "needs 1,000 requests"),
    ("MatrixTexts::columns_cut", "needs more than 200 items"),
    ("MatrixTexts::not_asked", "needs requests of one template with other items: `http::asking`"),
    ("MyLinksTexts::only_for_taking", "needs a form filled in wrongly: `http::my_links`"),
    ("MyLinksTexts::bad_count", "browsers do not send such a number: `http::my_links`"),
    ("MyLinksTexts::bad_size", "needs a form filled in wrongly: `http::my_links`"),
    ("MyLinksTexts::bad_types", "needs a form filled in wrongly: `http::my_links`"),
    ("MyLinksTexts::changed", "needs a change of a link: `http::my_links`"),
    ("MyLinksTexts::code_to", "needs a mail server: `notices::codes`"),
    ("MyLinksTexts::code_goes_to", "needs a mail server: `notices::codes`"),
    ("MyLinksTexts::bad_code_address", "needs a mail server: `notices::codes`"),
    ("MyLinksTexts::our_office", "needs an office without a name: `http::my_links`"),
    ("MyLinksTexts::conditions_downloads", "needs a link that counts its downloads: `http::downloads`"),
    ("MyLinksTexts::finished_late", "needs a deadline that is over"),
    ("MyLinksTexts::closed", "needs a link that has ended"),
    ("MyLinksTexts::fetched", "needs a link that counts its downloads: `http::downloads`"),
    ("MyLinksTexts::none_fetched", "needs a link that counts its downloads: `http::downloads`"),
    ("MyLinksTexts::proof", "needs a link that counts its downloads: `http::downloads`"),
    ("MyLinksTexts::fetched_times", "needs a link that counts its downloads: `http::downloads`"),
    ("MyLinksTexts::fetched_at", "needs a link through which something was fetched: `http::downloads`"),
    ("MyLinksTexts::ends_today", "needs a link that ends soon: `http::downloads`"),
    ("MyLinksTexts::ends_tomorrow", "needs a link that ends soon: `http::downloads`"),
    ("MyLinksTexts::ends_in", "needs a link that ends soon: `http::downloads`"),
    ("MyLinksTexts::bad_number", "browsers do not send such a number: `http::downloads`"),
    ("MyLinksTexts::clients_make_none", "needs the account of a client: `http::my_links`"),
    ("MyLinksTexts::too_many", "needs 100 links"),
    ("MyLinksTexts::failed", "needs a broken disk"),
    ("OfficeTexts::foot", "for screen readers"),
    ("PasskeyTexts::about", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::made", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::used", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::unused", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::rename", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::new_label", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::renamed", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::remove", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::removed", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::added", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::add", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::label", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::confirm", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::go_on", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::make_title", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::make_about", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::make", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::not_made", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::no_script", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::no_name", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::elsewhere", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::sign_in", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::failed", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::rejected", "needs a server with a name: `http::passkeys`"),
    ("PasskeyTexts::stale", "needs a server with a name: `http::passkeys`"),
    ("ReceiptTexts::download_title", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::handed_in_by", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::left_open", "needs a link that has ended: `http::receipt`"),
    ("ReceiptTexts::no_files", "needs files that were all refused"),
    ("ReceiptTexts::late_item", "needs a date that is over: `http::receipt`"),
    ("ReceiptTexts::more_rows", "in a PDF, needs 2,001 files: `http::receipt`"),
    ("ReceiptTexts::replaced", "in a PDF: `http::receipts`"),
    ("ReceiptTexts::made_by", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::recipient", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::path", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::digest", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::started", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::completed", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::sent_about", "needs a link that counts its downloads: `http::downloads`"),
    ("ReceiptTexts::archive_title", "needs a link that counts its downloads: `http::archives`"),
    ("ReceiptTexts::archive_unnamed", "needs an archive of more than 2,000 files"),
    ("ReceiptTexts::archived_file", "needs a link that counts its downloads: `http::archives`"),
    ("ReceiptTexts::attached", "in a PDF: `http::receipts`"),
    ("ReceiptTexts::attached_file", "in a PDF: `http::receipts`"),
    ("ReceiptTexts::code", "for screen readers"),
    ("ReceiptTexts::not_made", "needs a fault"),
    ("ReceiptTexts::busy", "needs more checks at once than there are turns"),
    ("RefusalTexts::own_substitute", "`http::administration`"),
    ("RefusalTexts::day", "`http::administration`"),
    ("RefusalTexts::mail_name", "`http::administration`"),
    ("RefusalTexts::last_administrator", "needs a single administrator: `http::administration`"),
    ("RefusalTexts::too_many_devices", "needs 100 devices"),
    ("RefusalTexts::too_many_passkeys", "needs a server with a name: `http::passkeys`"),
    ("RefusalTexts::passkey_refused", "needs a server with a name: `http::passkeys`"),
    ("RefusalTexts::passkey_stale", "needs a server with a name: `http::passkeys`"),
    ("RefusalTexts::logo", "`http::administration`"),
    ("RefusalTexts::lock", "`http::screen_lock`"),
    ("RefusalTexts::busy", "needs more logins at once than there are turns"),
    ("RefusalTexts::failed", "needs a broken disk"),
    ("RemindingTexts::reminders_paused", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::no_reminder_planned", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::plan_off", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::plan_days", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::plan_hours", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::plan_without_day", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::change_plan", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::plan", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::plan_about", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::bad_plan", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::store_plan", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::planned", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::not_planned", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::see_mail", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::mail_title", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::mail_about", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::no_mail_closed", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::no_mail_link", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::no_mail_address", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::no_mail_refused", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::no_mail_nothing", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::never_reminded", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::reminded", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::reminds_next", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::address_refused", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::mail_delayed", "needs a mail that is late: `notices::bounces`"),
    ("RemindingTexts::readdress", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::readdressed", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::remind_now", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::reminder_made", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::pause_reminders", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::resume_reminders", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::nothing_missing", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::reminded_today", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::invited_already", "needs a mail server: `notices::invitations`"),
    ("RemindingTexts::too_many_mails", "needs a mail server: `notices::invitations`"),
    ("RemindingTexts::nobody_reached", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::wrong_address", "needs a mail server: `notices::reminders`"),
    ("RemindingTexts::other_has_address", "needs a mail server: `notices::reminders`"),
    ("RequestTexts::no_folder", "needs a folder that was removed for good"),
    ("RequestTexts::answer_missing", "needs an answer: `notices::asked`"),
    ("RequestTexts::not_answered", "needs an answer: `notices::asked`"),
    ("RequestTexts::is_answered", "needs an answer: `notices::asked`"),
    ("RequestTexts::commented_by", "needs several recipients: `notices::asked`"),
    ("RequestTexts::answered", "needs an answer: `notices::asked`"),
    ("RequestTexts::settled", "needs an answer: `notices::asked`"),
    ("RequestTexts::file_gone", "needs a file that was removed for good"),
    ("RequestTexts::file_quarantined", "needs a scanner"),
    ("RequestTexts::file_restricted", "needs a file that may not be used"),
    ("RequestTexts::opens_by_code", "needs a mail server: `notices::codes`"),
    ("RequestTexts::link_ended", "needs a link that has ended"),
    ("RequestTexts::link_gone", "needs a link that was removed"),
    ("RequestTexts::no_history", "needs events of more than a year ago"),
    ("RequestsTexts::show", "for screen readers"),
    ("RequestsTexts::pages", "for screen readers"),
    ("RequestsTexts::earlier", "needs more than 50 requests: `http::asking`"),
    ("RequestsTexts::due_tomorrow", "needs a deadline that is near"),
    ("RequestsTexts::due_today", "needs a deadline that is near"),
    ("RequestsTexts::overdue_since_yesterday", "needs a deadline that is over"),
    ("RequestsTexts::overdue_since", "needs a deadline that is over"),
    ("RequestsTexts::overdue_item", "needs a date that is over"),
    ("SendingTexts::not_signed_in", "an answer to a script: `http::sending`"),
    ("SendingTexts::open_again", "an answer to a script: `http::sending`"),
    ("SendingTexts::begin_anew", "an answer to a script: `http::sending`"),
    ("SendingTexts::taken_over", "an answer to a script: `http::sending`"),
    ("SendingTexts::too_many", "an answer to a script: `http::sending`"),
    ("ServerTexts::all_well", "`http::administration`"),
    ("ServerTexts::disk_full", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::disk_failed", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::rolled_back", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::catalogue_damaged", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::storage_missing", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::key_missing", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::clock_ahead", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::clock_behind", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::scanner_silent", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::scanner_named", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::pages", "for screen readers"),
    ("ServerTexts::mail_undelivered", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::mails_undelivered", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::no_address", "needs a mail server: `notices::failures`"),
    ("ServerTexts::to_people", "needs a mail server: `notices::failures`"),
    ("ServerTexts::failed_mails", "needs a mail server: `notices::failures`"),
    ("ServerTexts::failed_to", "needs a mail server: `notices::failures`"),
    ("ServerTexts::answer_was", "needs a mail server: `notices::failures`"),
    ("ServerTexts::send_again", "needs a mail server: `notices::failures`"),
    ("ServerTexts::undecided", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::mass_hit", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::damaged", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::job_failing", "needs something broken: `http::administration` shows one of them"),
    ("ServerTexts::to_holding", "needs files that wait for a decision: `http::administration`"),
    ("ServerTexts::under_way", "needs the page at that moment"),
    ("ServerTexts::watch", "needs a watched folder"),
    ("ServerTexts::notices", "needs a mail server"),
    (
        "ServerTexts::certificate_ends",
        "needs a certificate that ends soon: `http::office::state` in the library",
    ),
    (
        "ServerTexts::certificate_ended",
        "needs a certificate that ends soon: `http::office::state` in the library",
    ),
    ("ServerTexts::certificate", "needs TLS"),
    ("ServerTexts::rights_cut", "needs 200 spaces"),
    ("ServerTexts::more", "needs 200 people"),
    ("SignInTexts::pages", "for screen readers"),
    ("SignedInTexts::locked", "needs a locked browser: `http::screen_lock`"),
    ("SignedInTexts::ended", "`http::screen_lock`"),
    ("TemplateTexts::up", "for screen readers"),
    ("TemplateTexts::down", "for screen readers"),
    ("ViewTexts::browse_pages", "for screen readers"),
    ("ViewTexts::browse_files", "for screen readers"),
    ("ViewTexts::picture_of", "for screen readers"),
    ("ViewTexts::picture_of_page", "for screen readers"),
    ("ViewTexts::no_converter", "needs a machine without a converter: `http::viewing`"),
    ("ViewTexts::busy", "needs many pages at once: `http::viewing`"),
    ("ViewTexts::too_large", "needs a file of more than 100 MiB"),
];

/// A person at a browser.
struct Reader<'a> {
    server: &'a TestServer,
    /// Another one, whose throttle the other pages do not meet.
    throttling: &'a TestServer,
    language: Language,
}

impl Reader<'_> {
    fn ask(&self, method: &str, path: &str) -> Request {
        let request = self.server.anonymous(method, path).header("Accept", HTML);
        request.header("Accept-Language", self.language.tag())
    }

    fn get(&self, path: &str) -> Response {
        self.ask("GET", path).send()
    }

    fn browse(&self, path: &str) -> Response {
        self.ask("GET", path).sign_in(USER, PASSWORD).send()
    }

    fn form(&self, path: &str, body: String) -> Response {
        self.ask("POST", path).header("Content-Type", FORM).body(body).send()
    }

    fn hand_in(&self, path: &str, files: &[(&str, &str)]) -> Response {
        let part = |(name, content): &(&str, &str)| {
            let head = "Content-Disposition: form-data; name=\"files\"; filename";
            format!("--x\r\n{head}=\"{name}\"\r\n\r\n{content}\r\n")
        };
        let body: String = files.iter().map(part).collect();
        let request = self.ask("POST", path).header("Content-Type", "multipart/form-data; boundary=x");
        request.body(body + "--x--\r\n").send()
    }

    /// Makes a link and returns the path of its page.
    fn link(&self, place: &str, permissions: u8, more: &str) -> String {
        let request = self.server.request("POST", SHARES).header("OCS-APIRequest", "true");
        let body = format!("path=/{place}&shareType=3&permissions={permissions}{more}");
        let made = request.header("Content-Type", FORM).body(body).send().expect(200);
        let made: Value = serde_json::from_slice(&made.body).unwrap();
        format!("/s/{}", made["ocs"]["data"]["token"].as_str().unwrap())
    }

    /// All pages, as far as a test reaches them.
    fn pages(&self) -> Vec<Response> {
        let mut pages = self.folders();
        pages.extend(self.links());
        pages.extend(self.hand_ins());
        pages.extend(self.requests());
        pages.extend(self.judging());
        pages.extend(self.renewing());
        pages.extend(self.asking());
        pages.extend(self.my_links());
        pages.extend(self.files());
        pages.extend(self.viewing());
        pages.extend(self.account());
        pages.extend(self.devices());
        pages.extend(self.administration());
        pages.extend(self.logins());
        pages.extend(self.refusals());
        pages.extend(self.sign_ins());
        pages.extend(self.holding());
        pages
    }

    fn folders(&self) -> Vec<Response> {
        let server = self.server;
        let lock = server.request("LOCK", &format!("/dav/{SPACE}/1.txt"));
        let token = super::fixture::token(&lock.xml(super::fixture::EXCLUSIVE).send());
        let edited = self.ask("PUT", &format!("/dav/{SPACE}/1.txt")).sign_in(USER, PASSWORD).body("x").send();
        let unlock = server.request("UNLOCK", &format!("/dav/{SPACE}/1.txt"));
        unlock.header("Lock-Token", &format!("<{token}>")).send().expect(204);
        let full = self.ask("PUT", "/dav/tiny/1.bin").sign_in(USER, PASSWORD);
        vec![
            self.get("/"),
            self.get("/imprint").expect(200),
            self.get("/privacy").expect(200),
            self.get("/accessibility").expect(200),
            self.browse("/dav/"),
            self.ask("GET", "/dav/").sign_in("newcomer", PASSWORD).send(),
            self.browse(&format!("/dav/{SPACE}/")),
            self.browse(&format!("/dav/{SPACE}/empty/")),
            self.get("/dav/").expect(401),
            self.browse("/dav/none/").expect(404),
            self.ask("DELETE", &format!("/dav/{SPACE}/")).sign_in(USER, PASSWORD).send().expect(403),
            self.browse("/dav/%zz").expect(400),
            self.ask("GET", "/").header("Host", "elsewhere.example").send(),
            edited.expect(423),
            full.body(vec![b'x'; 2 << 20]).send().expect(507),
        ]
    }

    /// Errors that browsers meet less often; their pages have the same few sentences.
    fn refusals(&self) -> Vec<Response> {
        let file = format!("/dav/{SPACE}/1.txt");
        let ask = |method: &str, path: &str| self.ask(method, path).sign_in(USER, PASSWORD);
        let guesser = Reader { server: self.throttling, ..*self };
        let guess = |n: u32| {
            let password = format!("{n} {}", self.language.tag());
            guesser.ask("GET", "/dav/").sign_in(USER, &password).send()
        };
        let throttled = (0..100).map(guess).find(|answer| answer.status == 429);
        vec![
            ask("POST", "/").body("x").send().expect(405),
            ask("PUT", &format!("/dav/{SPACE}/empty")).body("x").send().expect(405),
            ask("PUT", &format!("/dav/{SPACE}/none/1.txt")).body("x").send().expect(409),
            ask("GET", &file).header("If-Match", "\"none\"").send().expect(412),
            ask("PROPFIND", &file).xml(&" ".repeat(70 << 10)).send().expect(413),
            self.get(&format!("/{}", "x".repeat(8192))).expect(414),
            ask("PUT", &file).header("Content-Encoding", "gzip").body("x").send().expect(415),
            ask("GET", &file).header("Range", "bytes=9-").send().expect(416),
            throttled.expect("wrong passwords are never throttled"),
        ]
    }

    fn links(&self) -> Vec<Response> {
        let (folder, file) = (format!("{SPACE}/0"), format!("{SPACE}/1.txt"));
        let read = self.link(&file, 1, "");
        let add = self.link(&folder, 4, "&note=1");
        let secret = self.link(&folder, 1, "&password=Kreide-Ofen");
        let small = self.link("tiny/0", 4, "");
        let half = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"1\"\r\n\r\nx";
        let half =
            self.ask("POST", &add).header("Content-Type", "multipart/form-data; boundary=x").body(half);
        let mut pages = vec![
            self.get(&self.link(SPACE, 1, "")),
            self.get(&self.link(&folder, 1, "")),
            self.get(&self.link(&folder, 15, "")),
            self.get(&add),
            self.get(&read),
            self.get(&self.link(&file, 1, "&hideDownload=true")),
            self.get(&format!("{}/files/0/", self.link(SPACE, 1, ""))),
            self.get("/s/none").expect(404),
            self.hand_in(&add, &[("1", "x")]).expect(200),
            self.hand_in(&add, &[("1", "x"), ("2", "x"), ("..", "x")]).expect(400),
            self.hand_in(&add, &[("", "")]).expect(400),
            self.hand_in(&small, &[("1", &"x".repeat(2 << 20))]).expect(507),
            self.hand_in(&read, &[("1", "x")]).expect(403),
            half.send().expect(400),
            self.get(&secret).expect(403),
            self.hand_in(&secret, &[("1", "x")]).expect(403),
            self.form(&secret, "password=0".into()).expect(403),
        ];
        // Until the link has to be waited for.
        for attempt in 1..100 {
            let answer = self.form(&secret, format!("password={attempt}"));
            if answer.status == 429 {
                pages.push(answer);
                return pages;
            }
        }
        panic!("wrong passwords are never throttled");
    }

    /// Hand-ins by links of all kinds.
    fn hand_ins(&self) -> Vec<Response> {
        let link = |target: &str, options: &[&str]| {
            let words = ["link", "add", target, "--as", USER, "--can", "add"];
            let url = self.server.cli_ok(words.iter().chain(options));
            format!("/s/{}", url.trim().rsplit('/').next().unwrap())
        };
        let form = |browser: &Browser<'_>, link: &str, fields: &[(&str, &str)]| {
            browser.keep(browser.form(link, fields).send())
        };
        let send = |browser: &Browser<'_>, link: &str, files: &[(&str, &str)]| {
            browser.keep(super::hand_in::sent(browser, link, "", files).send())
        };
        let act = |browser: &Browser<'_>, link: &str, action: &str| {
            leads_to(&form(browser, link, &[("do", action)]));
            browser.get(link).expect(200)
        };
        let (client, folder) = (self.browser(), format!("{SPACE}/0"));
        let strict = link(
            &folder,
            &[
                "--once",
                "--own-folder",
                "--deadline",
                "2999-12-31",
                "--types",
                "txt",
                "--max-files",
                "7",
                "--max-size",
                "9B",
            ],
        );
        let begun = client.get(&strict).expect(200);
        let files =
            [("a.txt", "1"), ("a.txt", "2"), (".DS_Store", "1"), ("1.exe", "1"), ("2.txt", "0123456789")];
        let partly = send(&client, &strict, &files).expect(415);
        let wrong = form(&self.browser(), &strict, &[("do", "join"), ("code", "0")]).expect(403);
        let other = self.browser();
        other.get(&strict).expect(200);
        send(&other, &strict, &[("1.txt", "1")]).expect(200);
        let done = act(&client, &strict, "finish");
        let closed = other.get(&strict).expect(200);
        let receipts = self.receipts(&client, &strict);

        let (open, client) = (link(&folder, &["--max-files", "7"]), self.browser());
        let any = client.get(&open).expect(200);
        send(&client, &open, &[("1.txt", "1")]).expect(200);
        let file = hidden(&client.get(&open), "file");
        let withdraw = [("do", "withdraw"), ("file", &file)];
        leads_to(&form(&client, &open, &withdraw));
        let withdrawn = client.get(&open).expect(200);
        let nothing = form(&client, &open, &[("do", "finish")]).expect(400);
        let own = format!("read-{}.txt", self.language.tag());
        send(&client, &open, &[(&own, "1")]).expect(200);
        let file = hidden(&client.get(&open), "file");
        self.browse(&format!("/dav/{folder}/{own}")).expect(200);
        let late = form(&client, &open, &[("do", "withdraw"), ("file", &file)]).expect(409);
        let one = act(&client, &open, "finish");
        let meanwhile = send(&client, &open, &[("3.txt", "1")]).expect(409);

        let (held, client) = (link("h1", &[]), self.browser());
        client.get(&held).expect(200);
        let examined = send(&client, &held, &[("1.txt", "1")]).expect(200);
        let checked = act(&client, &held, "finish");
        let (chosen, client) = (link(&folder, &["--first-use-password"]), self.browser());
        let choose = client.get(&chosen).expect(403);
        let choice = |again| {
            form(&client, &chosen, &[("do", "choose-password"), ("new-password", "1"), ("again", again)])
        };
        let (weak, different) = (choice("1").expect(403), choice("2").expect(403));
        let shown = vec![
            begun, partly, wrong, done, closed, any, withdrawn, nothing, late, one, meanwhile, examined,
            checked, choose, weak, different,
        ];
        shown.into_iter().chain(receipts).collect()
    }

    /// A receipt, and the words of the page that checks receipts.
    fn receipts(&self, client: &Browser<'_>, link: &str) -> Vec<Response> {
        let receipt = client.get(&format!("{link}/receipt")).expect(200);
        let note = client.get(&format!("{link}/receipt.txt")).expect(200);
        let check = |content: &[u8], status| {
            super::receipts::checked(&self.browser(), "files", content).expect(status)
        };
        let forged = note.text().replace(".txt", ".doc");
        vec![
            receipt,
            self.get("/check").expect(200),
            check(&note.body, 200),
            check(forged.as_bytes(), 422),
            check(super::receipts::by_another_key(&note.text()).as_bytes(), 422),
            check(b"1", 422),
            check(b"", 400),
            check(&vec![b'1'; 7 << 20], 413),
        ]
    }

    /// The page of a request, from the first look to the end.
    fn requests(&self) -> Vec<Response> {
        let items = [("1", 4), ("2", 3), ("3", 2), ("4", 1)].map(|(title, days)| {
            let several = title != "1";
            format!(
                "[[items]]\ntitle = \"{title}\"\nperson = \"A\"\nseveral = {several}\nuntil = \"{days}d\"\n"
            )
        });
        let template = format!("name = \"pages\"\ntitle = \"0\"\n{}", items.concat());
        let file = self.server.secret_file("template.toml", &template);
        self.server.cli_ok(["template", "import", file.to_str().unwrap()]);
        let folder = format!("{SPACE}/0");
        let words = ["request", "add", &folder, "--as", USER, "--template", "pages", "--json"];
        let words = words.into_iter().chain(["--deadline", "2999-12-31"]);
        let made: Value = serde_json::from_str(&self.server.cli_ok(words)).unwrap();
        let link = super::requests::path(made["url"].as_str().unwrap());
        let ids: Vec<_> =
            made["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect();
        let [one, two, three, four] = [0, 1, 2, 3].map(|at| ids[at].as_str());
        let id = made["id"].to_string();
        let (client, act) = (self.browser(), super::requests::act);
        let gone = format!("{SPACE}/gone-{}.pdf", self.language.tag());
        for file in [&gone, &format!("{SPACE}/here-{}.pdf", self.language.tag())] {
            self.server.request("PUT", &format!("/dav/{file}")).body("1").send().expect(201);
            let item = if *file == gone { one } else { two };
            self.server.cli_ok(["request", "item", &id, item, "--form", file, "--example", file]);
        }
        self.server.request("DELETE", &format!("/dav/{gone}")).send().expect(204);
        let name = format!("asked-{}", self.language.tag());
        self.server.add_member(&name, "client", "write");
        let words = ["request", "add", &folder, "--as", USER, "--item", "1", "--to", &name, "--json"];
        let own: Value = serde_json::from_str(&self.server.cli_ok(words)).unwrap();
        let (person, at) = (self.browser(), format!("/asked/{}", own["recipients"][0]["id"]));
        person.sign_in(&name, PASSWORD).expect(303);
        let listed = person.get("/files/").expect(200);
        super::requests::send(&person, &at, &own["items"][0]["id"].to_string(), &[("1.txt", "1")])
            .expect(200);
        let own_page = person.get(&at).expect(200);
        let nothing_left = person.get("/files/").expect(200);
        let staff = self.browser();
        staff.sign_in(USER, PASSWORD).expect(303);
        let offered = staff.get(&format!("/requests/{id}")).expect(200);
        let fresh = client.get(&link).expect(200);
        let looked = client.get(&format!("{link}/form/{two}/1?view")).expect(200);
        super::requests::send(&client, &link, two, &[("1.txt", "1")]).expect(200);
        act(&client, &link, &[("do", "does-not-apply"), ("item", three)]);
        act(&client, &link, &[("do", "comment"), ("item", four), ("text", "1")]);
        let empty = act(&client, &link, &[("do", "comment"), ("item", four)]).expect(400);
        let begun = client.get(&link).expect(200);
        act(&client, &link, &[("do", "finish")]);
        let other = self.browser().get(&link).expect(200);
        self.server.cli_ok(["request", "accept", &id, one]);
        self.server.cli_ok(["request", "reject", &id, two, "--reason", "1"]);
        let judged = client.get(&link).expect(200);
        let late = super::requests::send(&client, &link, one, &[("1.txt", "1")]).expect(409);
        let done = act(&client, &link, &[("do", "does-not-apply"), ("item", one)]).expect(409);
        self.server.cli_ok(["request", "accept", &id, two, three, four]);
        let nothing = client.get(&link).expect(200);
        self.server.cli_ok(["request", "close", &id]);
        let closed = client.get(&link).expect(200);
        let by_account = staff.get(&format!("/requests/{}", own["id"])).expect(200);
        vec![
            listed,
            own_page,
            nothing_left,
            by_account,
            offered,
            fresh,
            looked,
            empty,
            begun,
            other,
            judged,
            late,
            done,
            nothing,
            closed,
        ]
    }

    /// The pages on which users judge the files for a request.
    fn judging(&self) -> Vec<Response> {
        use super::judging::judge;
        use super::requests::{act, send};
        let browser = self.browser();
        browser.sign_in(USER, PASSWORD).expect(303);
        let asker = self.browser();
        asker.sign_in("asker", PASSWORD).expect(303);
        let items = ["1", "2", "3", "4"]
            .map(|title| format!("[[items]]\ntitle = \"{title}\"\nperson = \"A\"\nuntil = \"{title}d\"\n"));
        let template = format!("name = \"pages\"\ntitle = \"0\"\n{}", items.concat());
        let file = self.server.secret_file("template.toml", &template);
        self.server.cli_ok(["template", "import", file.to_str().unwrap()]);
        let words = ["request", "add", "h1/0", "--as", USER, "--json", "--template", "pages", "--note", "1"];
        let to = ["--deadline", "2999-12-31"];
        let made: Value = serde_json::from_str(&self.server.cli_ok(words.iter().chain(&to))).unwrap();
        let many = ["a@a.de", "b@a.de", "c@a.de", "d@a.de"].map(|to| ["--to", to]).concat();
        let team = format!("{SPACE}/9");
        let words = words.map(|word| if word == "h1/0" { team.as_str() } else { word });
        let named: Value = serde_json::from_str(&self.server.cli_ok(words.iter().chain(&many))).unwrap();
        let (link, at) =
            (super::requests::path(made["url"].as_str().unwrap()), format!("/requests/{}", made["id"]));
        let ids: Vec<_> =
            made["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect();
        let [one, two, three, four] = [0, 1, 2, 3].map(|at| ids[at].as_str());
        let (client, fresh) = (self.browser(), browser.get("/requests").expect(200));
        let unopened = browser.get(&at).expect(200);
        client.get(&link).expect(200);
        send(&client, &link, one, &[("1.txt", "1")]).expect(200);
        act(&client, &link, &[("do", "does-not-apply"), ("item", two)]);
        act(&client, &link, &[("do", "does-not-apply"), ("item", three), ("text", "1")]);
        act(&client, &link, &[("do", "comment"), ("item", four), ("text", "1")]);
        let another = super::requests::path(named["url"].as_str().unwrap());
        client.get(&another).expect(200);
        send(&client, &another, "", &[("2.txt", "1")]).expect(200);
        let came = browser.get(&at).expect(200);
        act(&client, &link, &[("do", "finish")]);
        let nothing = judge(&browser, &came, &at, &[(one, "", "")]).expect(400);
        let unfounded = judge(&browser, &came, &at, &[(one, "reject", "")]).expect(400);
        let judged = judge(&browser, &came, &at, &[(one, "reject", "1"), (two, "accept", "")]);
        let judged = browser.get(&leads_to(&judged)).expect(200);
        let checks = [
            browser.get(&format!("{at}/check/{one}?judged={one}")).expect(200),
            browser.get(&format!("{at}/check/{four}")).expect(200),
            browser.get(&format!("{at}/check/{two}?judged={two}")).expect(200),
        ];
        let meanwhile = judge(&browser, &came, &at, &[(one, "accept", "")]).expect(409);
        let form = |fields: &[(&str, &str)]| browser.send(&came, &at, fields);
        let date = format!("until-{four}");
        let undated = form(&[("do", "dates"), (&date, "2001-01-01")]).expect(400);
        let here = format!("{SPACE}/here-{}.pdf", self.language.tag());
        let hand_out = |file: &str| {
            browser.send(&came, &format!("{at}/handout"), &[("item", one), ("what", "form"), ("file", file)])
        };
        let unfit = hand_out(SPACE).expect(400);
        let handed_out = browser.get(&leads_to(&hand_out(&here))).expect(200);
        let dated = browser.get(&leads_to(&form(&[("do", "dates"), (&date, "2999-10-31")]))).expect(200);
        let list = browser.get("/requests").expect(200);
        let matrix = browser.get("/requests/matrix?template=pages").expect(200);
        let late = form(&[("do", "extend"), ("until", "2001-01-01")]).expect(400);
        let extended =
            browser.get(&leads_to(&form(&[("do", "extend"), ("until", "2999-11-30")]))).expect(200);
        let closed = browser.get(&leads_to(&form(&[("do", "close")]))).expect(200);
        let reopened = browser.get(&leads_to(&form(&[("do", "reopen")]))).expect(200);
        let accepted = browser.get(&format!("/requests/{}", named["id"])).expect(200);
        self.server.cli_ok(["request", "close", &named["id"].to_string()]);
        self.server.cli_ok(["request", "close", &made["id"].to_string()]);
        let over = browser.get("/requests?show=closed").expect(200);
        let paged = browser.get("/requests?before=1").expect(200);
        let [looked, checked] = self.checking(&browser);
        let [rejected, without_file, accepted_one] = checks;
        vec![
            looked,
            checked,
            rejected,
            without_file,
            accepted_one,
            asker.get("/requests").expect(200),
            asker.get("/requests?show=to-check").expect(200),
            asker.get("/requests?show=overdue").expect(200),
            fresh,
            unopened,
            came,
            nothing,
            unfounded,
            judged,
            meanwhile,
            list,
            matrix,
            late,
            unfit,
            handed_out,
            undated,
            dated,
            extended,
            closed,
            reopened,
            accepted,
            over,
            paged,
        ]
    }

    /// The page of an address that is not shown any more, and that of a new one.
    fn renewing(&self) -> Vec<Response> {
        let browser = self.browser();
        browser.sign_in(USER, PASSWORD).expect(303);
        let words = ["--item", "1", "--to", "1@a.de", "--lang", self.language.tag()];
        let (made, _) = super::requests::asked(self.server, &words);
        let (at, id) = (format!("/requests/{}", made["id"]), made["recipients"][0]["id"].to_string());
        let no_address = browser.get(&format!("{at}/address/{id}")).expect(200);
        let page = browser.get(&at).expect(200);
        let renewed = leads_to(&browser.send(&page, &at, &[("do", "renew"), ("recipient", &id)]));
        let renewed = browser.get(&renewed).expect(200);
        self.server.cli_ok(["request", "close", &made["id"].to_string()]);
        vec![no_address, renewed]
    }

    /// A file that was handed in and may be read, and the end of checking.
    fn checking(&self, browser: &Browser<'_>) -> [Response; 2] {
        let (made, link) = super::requests::asked(self.server, &["--item", "1"]);
        let (id, item) = (made["id"].to_string(), made["items"][0]["id"].to_string());
        let client = self.browser();
        client.get(&link).expect(200);
        super::requests::send(&client, &link, &item, &[("1.txt", "1")]).expect(200);
        let at = format!("/requests/{id}/check/{item}");
        let looked = browser.get(&at).expect(200);
        let judged = super::judging::judge(browser, &looked, &at, &[(&item, "accept", "")]);
        let checked = browser.get(&leads_to(&judged)).expect(200);
        self.server.cli_ok(["request", "close", &id]);
        [looked, checked]
    }

    /// The pages on which users work with files.
    fn files(&self) -> Vec<Response> {
        let browser = self.browser();
        browser.sign_in(USER, PASSWORD).expect(303);
        let top = format!("/files/{SPACE}/");
        let home = format!("{top}{}/", self.language.tag());
        let list = browser.get(&top).expect(200);
        let send = |path: &str, fields: &[(&str, &str)]| browser.send(&list, path, fields);
        let done =
            |path: &str, fields: &[(&str, &str)]| browser.get(&leads_to(&send(path, fields))).expect(200);
        let upload =
            |files: &[(&str, &str)]| browser.get(&leads_to(&super::files::upload(&browser, &home, files)));
        let made = done(&top, &[("do", "folder"), ("name", self.language.tag())]);
        let empty = browser.get(&home).expect(200);
        let one = upload(&[("1.txt", "1")]).expect(200);
        let three = upload(&[("1.txt", "2"), ("3.txt", "3"), ("4/5.txt", "5")]).expect(200);
        let about = format!("{home}1.txt?about");
        let fresh = browser.get(&about).expect(200);
        let file = format!("/dav/{SPACE}/{}/1.txt", self.language.tag());
        let put = |body: &str| self.ask("PUT", &file).sign_in(USER, PASSWORD).body(body).send();
        put("6").expect(204);
        let changed = browser.get(&about).expect(200);
        let version = hidden(&changed, "version");
        let restored = done(&about, &[("do", "restore"), ("version", &version)]);
        let to =
            |action, item, folder| [("do", action), ("space", SPACE), ("folder", folder), ("item", item)];
        let copied = done(&home, &to("copy", "3.txt", "0"));
        let _ =
            self.ask("DELETE", &format!("/dav/{SPACE}/0/3.txt")).sign_in(USER, PASSWORD).send().expect(204);
        let moved = done(&home, &to("move", "3.txt", "0"));
        let _ =
            self.ask("DELETE", &format!("/dav/{SPACE}/0/3.txt")).sign_in(USER, PASSWORD).send().expect(204);
        let renamed = done(&about, &[("do", "rename"), ("name", "7.txt")]);
        let trash = format!("{top}?trash");
        let deleted = done(&home, &[("do", "delete"), ("item", "7.txt")]);
        let thrown = browser.get(&trash).expect(200);
        let returned = done(&trash, &[("do", "return"), ("item", &hidden(&thrown, "item"))]);
        let purged = done(&trash, &[("do", "purge"), ("item", &hidden(&browser.get(&trash), "item"))]);
        let lock =
            self.ask("LOCK", &format!("/dav/{SPACE}/{}/4", self.language.tag())).sign_in(USER, PASSWORD);
        let token = super::fixture::token(&lock.xml(super::fixture::EXCLUSIVE).send());
        let refused = |path: &str, fields: &[(&str, &str)]| {
            let page = send(path, fields);
            assert!(page.status >= 400, "{page}");
            page
        };
        let locked = refused(&home, &[("do", "delete"), ("item", "4"), ("item", "none")]);
        let unlock = self.ask("UNLOCK", &format!("/dav/{SPACE}/{}/4", self.language.tag()));
        unlock.sign_in(USER, PASSWORD).header("Lock-Token", &format!("<{token}>")).send().expect(204);
        let hits = ["hit", "hits"].map(|word| format!("{word}-{}", self.language.tag()));
        upload(&[(&hits[0], "1"), (&hits[1], "2")]).expect(200);
        let search = |text: &str| browser.get(&format!("/files/?search={text}"));
        vec![
            made,
            empty,
            one,
            three,
            fresh,
            changed,
            restored,
            copied,
            moved,
            renamed,
            deleted,
            thrown,
            returned,
            purged,
            locked,
            browser.get(&format!("{home}4/?about")).expect(200),
            browser.get(&format!("{home}4/?history")).expect(200),
            browser.get("/files/tiny/?trash").expect(200),
            super::files::upload(&browser, "/files/tiny/", &[("1", &"x".repeat(2 << 20))]).expect(507),
            super::files::upload(&browser, &home, &[("", "")]).expect(400),
            super::files::upload(&browser, &home, &[("..", "")]).expect(400),
            super::files::cut_off(&browser, &home).expect(400),
            search(&hits[0]).expect(200),
            search(&format!("-{}+hit", self.language.tag())).expect(200),
            search("tiny").expect(200),
            search("").expect(400),
            search(&"x".repeat(256)).expect(400),
            refused(&home, &[("do", "folder"), ("name", "4")]),
            refused(&home, &to("move", "4", "none")),
            refused(&home, &[("do", "delete"), ("item", "none")]),
            refused(
                &home,
                &[("do", "move"), ("space", SPACE), ("folder", self.language.tag()), ("item", "4")],
            ),
            refused(
                &format!("{home}4/?about"),
                &[("do", "move"), ("space", SPACE), ("folder", &format!("{}/4", self.language.tag()))],
            ),
        ]
    }

    /// The pages on which files are looked at.
    fn viewing(&self) -> Vec<Response> {
        let browser = self.browser();
        browser.sign_in(USER, PASSWORD).expect(303);
        let folder = format!("view-{}", self.language.tag());
        let viewed = format!("/files/{SPACE}/{folder}/");
        self.ask("MKCOL", &format!("/dav/{SPACE}/{folder}")).sign_in(USER, PASSWORD).send().expect(201);
        let texts = ["1", "2", "3"].map(str::to_owned);
        let encrypted = super::viewing::locked(&self.server.scratch(self.language.tag()));
        let put = |name: &str, content: Vec<u8>| {
            let path = format!("/dav/{SPACE}/{folder}/{name}");
            self.ask("PUT", &path).sign_in(USER, PASSWORD).body(content).send().expect(201);
        };
        put("1.pdf", pdfs::pages((595, 842), &texts));
        put("2.zip", b"1".to_vec());
        put("3.txt", vec![b'1'; 300 << 10]);
        put("4.pdf", b"%PDF-1".to_vec());
        put("5.pdf", encrypted);
        let view = |name: &str| browser.get(&format!("{viewed}{name}"));
        vec![
            browser.get(&viewed).expect(200),
            view("1.pdf?view=2").expect(200),
            view("1.pdf?view=4").expect(404),
            view("2.zip?view").expect(200),
            view("3.txt?view").expect(200),
            view("4.pdf?view").expect(200),
            view("5.pdf?view").expect(200),
        ]
    }

    /// Values that a person enters on devices, and how far two programs come.
    fn devices(&self) -> Vec<Response> {
        let name = format!("devices-{}", self.language.tag());
        self.server.add_member(&name, "client", "write");
        let browser = self.browser();
        browser.sign_in(&name, PASSWORD).expect(303);
        let list = browser.get("/account").expect(200);
        let fields = [("do", "device"), ("label", "1"), ("present", PASSWORD)];
        let made = browser.send(&list, "/account", &fields).expect(200);
        let password =
            made.text().rsplit("readonly value=\"").next().unwrap().split('"').next().unwrap().to_owned();
        let here = format!("/account/devices/{}", hidden(&browser.get("/account"), "device"));
        let own = "/account/devices/own";
        let mut pages = vec![browser.get("/account/devices").expect(200), browser.get(&here).expect(200)];
        let ask = |method: &str, target: &str, agent: &str, password: &str| {
            let target =
                if target.starts_with('/') { target.to_owned() } else { format!("/dav/{SPACE}/{target}") };
            self.server.anonymous(method, &target).sign_in(&name, password).header("User-Agent", agent)
        };
        ask("PROPFIND", "/dav/", "x", "wrong").send().expect(401);
        pages.push(browser.get(&here).expect(200));

        let finder = |method: &str, target: &str| ask(method, target, "WebDAVFS/3.0.0", &password);
        let file = format!("u%CC%88-{name}");
        finder("PROPFIND", "/dav/").header("Depth", "0").send().expect(207);
        pages.push(browser.get(&here).expect(200));
        finder("PUT", &file).chunks([&b"x"[..]]).send().expect(201);
        finder("GET", &file).send().expect(200);
        finder("GET", &file).header("Range", "bytes=9-").send().expect(416);
        finder("PUT", "none/1").body("x").send().expect(409);
        finder("MKCOL", "none/1/2").send().expect(409);
        finder("PUT", "empty").body("x").send().expect(405);
        finder("PUT", &file).header("X-Expected-Entity-Length", "6").body("").send().expect(400);
        finder("PROPFIND", &file).xml(&" ".repeat(70 << 10)).send().expect(413);
        pages.push(browser.get(&here).expect(200));
        finder("DELETE", &format!("/dav/{SPACE}/")).send().expect(403);
        finder("MOVE", &file).header("Destination", &self.server.url("/dav/none/1")).send();
        finder("PROPPATCH", &file).xml("<x").send().expect(400);
        let lock = self.server.request("LOCK", &format!("/dav/{SPACE}/{file}"));
        let token = super::fixture::token(&lock.xml(super::fixture::EXCLUSIVE).send());
        finder("DELETE", &file).send().expect(423);
        finder("LOCK", &file).xml(super::fixture::EXCLUSIVE).send().expect(423);
        let unlock = self.server.request("UNLOCK", &format!("/dav/{SPACE}/{file}"));
        unlock.header("Lock-Token", &format!("<{token}>")).send().expect(204);
        pages.push(browser.get(&here).expect(200));

        for agent in ["davfs2/1.6.1", "Microsoft-WebDAV-MiniRedir/10.0"] {
            ask("PROPFIND", "/dav/", agent, PASSWORD).header("Depth", "0").send().expect(207);
            pages.push(browser.get(own).expect(200));
        }
        pages.push(browser.get("/account").expect(200));
        let office = self.browser();
        let chief = format!("{name}-chief");
        self.server.add_user(&chief, "administrator", PASSWORD);
        office.sign_in(&chief, PASSWORD).expect(303);
        let id = here.rsplit('/').next().unwrap();
        pages.push(office.get(&format!("/office/people/{name}/devices/{id}")).expect(200));
        pages
    }

    fn account(&self) -> Vec<Response> {
        let name = format!("account-{}", self.language.tag());
        self.server.add_user(&name, "client", PASSWORD);
        let browser = self.browser();
        browser.sign_in(&name, PASSWORD).expect(303);
        let here = "/account";
        let list = browser.get(here).expect(200);
        let send = |fields: &[(&str, &str)]| browser.send(&list, here, fields);
        let own = ("present", PASSWORD);
        let made = send(&[("do", "device"), ("label", "1"), own]).expect(200);
        let refused = send(&[("do", "device"), ("label", ""), own]).expect(400);
        let password =
            made.text().rsplit("readonly value=\"").next().unwrap().split('"').next().unwrap().to_owned();
        self.ask("GET", "/dav/").sign_in(&name, &password).send().expect(200);
        let with_device = browser.get(here).expect(200);
        let removed = leads_to(&send(&[("do", "remove"), ("device", &hidden(&with_device, "device"))]));
        let wrong = |new: &str, again: &str| {
            send(&[("do", "password"), ("present", PASSWORD), ("new", new), ("again", again)]).expect(400)
        };
        let begun = send(&[("do", "factor")]).expect(200);
        let text = begun.text();
        let secret = text.split("readonly value=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut pages = vec![
            made,
            refused,
            with_device,
            browser.get(&removed).expect(200),
            wrong("1", "2"),
            wrong("1", "1"),
            wrong(&"x1".repeat(65), &"x1".repeat(65)),
            wrong("passwordpassword", "passwordpassword"),
            wrong(&format!("{name}-Kessel-9"), &format!("{name}-Kessel-9")),
            send(&[("do", "password"), ("present", "1"), ("new", "2"), ("again", "2")]).expect(400),
            send(&[("do", "codes"), own]).expect(400),
            send(&[("do", "confirm"), ("key", secret), ("code", "0"), own]).expect(400),
            send(&[("do", "remove"), ("device", "0")]).expect(400),
            self.get("/login?changed"),
        ];
        let code = succeed(tool("oathtool", "oathtool").args(["--totp", "--base32", secret]));
        let codes = send(&[("do", "confirm"), ("code", code.trim()), own]).expect(200);
        let first = codes.text().split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
        let fields = [("user", name.as_str()), ("password", PASSWORD), ("code", first.as_str())];
        browser.sign_in_at("/login", &fields).expect(303);
        let with_factor = browser.get(here).expect(200);
        let twice = browser.send(&with_factor, here, &[("do", "factor")]).expect(400);
        let renewed = browser.send(&with_factor, here, &[("do", "codes"), own]).expect(200);
        pages.extend([list, begun, codes, with_factor, twice, renewed]);
        pages
    }

    fn administration(&self) -> Vec<Response> {
        let tag = self.language.tag();
        let (chief, person) = (format!("chief-{tag}"), format!("person-{tag}"));
        self.server.add_user(&chief, "administrator", PASSWORD);
        let browser = self.browser();
        browser.sign_in(&chief, PASSWORD).expect(303);
        let list = browser.get("/office").expect(200);
        let send = |path: &str, fields: &[(&str, &str)]| browser.send(&list, path, fields);
        let done =
            |path: &str, fields: &[(&str, &str)]| browser.get(&leads_to(&send(path, fields))).expect(200);
        let refused = |path: &str, fields: &[(&str, &str)]| send(path, fields).expect(400);
        let space = format!("admin-{tag}");
        let place = format!("/office/spaces/{space}");
        let here = format!("/office/people/{person}");
        let made = done("/office", &[("do", "space"), ("name", &space), ("kind", "client"), ("mine", "yes")]);
        let mut pages = vec![
            made,
            done(&place, &[("do", "settings"), ("quota", "1"), ("intake", "yes"), ("hours", "1")]),
            browser.get("/office").expect(200),
            send("/office", &[("do", "person"), ("name", &person), ("role", "auditor")]).expect(200),
            browser.get(&here).expect(200),
        ];
        let device = self.server.cli_ok(["user", "app-password", "add", &person, "--label", "1", "--json"]);
        let device: Value = serde_json::from_str(&device).unwrap();
        let password = device["password"].as_str().unwrap();
        self.ask("GET", "/dav/").sign_in(&person, password).send().expect(200);
        let long = "x".repeat(201);
        pages.extend([
            done(&here, &[("do", "give"), ("space", &space), ("right", "read"), ("release", "yes")]),
            done(&here, &[("do", "give"), ("space", &space), ("right", "manage")]),
            refused(&here, &[("do", "give"), ("right", "read")]),
            refused(&place, &[("do", "give"), ("right", "read")]),
            done(&here, &[("do", "disable")]),
            send(&here, &[("do", "reset")]).expect(200),
            refused(&here, &[("do", "delete"), ("confirm", "1")]),
            refused(&here, &[("do", "reach"), ("mail", "1"), ("language", tag), ("notices", "on")]),
            refused("/office", &[("do", "person"), ("name", &person), ("role", "staff")]),
            refused("/office", &[("do", "person"), ("name", ""), ("role", "staff")]),
            refused("/office", &[("do", "space"), ("name", "1/2"), ("kind", "team")]),
            refused(&place, &[("do", "settings"), ("quota", "1,5")]),
            refused(&format!("/office/people/{chief}"), &[("do", "reset")]),
            browser.get(&format!("/office/people/account-{tag}")).expect(200),
            browser.get("/office/details").expect(200),
            refused("/office/details", &[("do", "details"), ("web", "1")]),
            refused("/office/details", &[("do", "details"), ("zone", "1")]),
            refused("/office/details", &[("do", "details"), ("name", &long)]),
            browser.get("/office/state").expect(200),
            browser.get("/office/rights").expect(200),
            browser.get("/office/rights?q=nothing").expect(200),
            browser.get("/office/templates").expect(200),
            browser.get("/office/templates/lohn").expect(200),
            done(&here, &[("do", "delete"), ("confirm", &person)]),
        ]);
        let (new, shipped, own) =
            ("/office/new-template", "/office/templates/buchfuehrung-monat", "/office/templates/pages-own");
        let items = "title = \"0\"\n[[items]]\ntitle = \"0\"";
        let version = format!("name = \"buchfuehrung-monat\"\n{items}");
        let (help, note, text) = ("0".repeat(1_001), "0".repeat(4_001), "0".repeat(131_073));
        pages.extend([
            browser.get(new).expect(200),
            send(new, &[("do", "add"), ("items", "1")]).expect(200),
            refused(new, &[("do", "save"), ("name", "lohn"), ("remind", "0x"), ("items", "0")]),
            refused(
                new,
                &[("do", "save"), ("note", &note), ("items", "1"), ("help-1", &help), ("until-1", "0")],
            ),
            refused(new, &[("do", "save"), ("items", "1"), ("person-1", &help)]),
            refused(new, &[("do", "template"), ("text", "0")]),
            refused(new, &[("do", "template"), ("text", &text)]),
            done(shipped, &[("do", "template"), ("text", &version)]),
            browser.get(shipped).expect(200),
            refused(shipped, &[("do", "reset")]),
            done(shipped, &[("do", "reset"), ("sure", "yes")]),
            done(new, &[("do", "template"), ("text", &format!("name = \"pages-own\"\n{items}"))]),
            browser.get(own).expect(200),
            done(own, &[("do", "delete"), ("sure", "yes")]),
        ]);
        pages
    }

    /// The pages on which users ask for documents.
    fn asking(&self) -> Vec<Response> {
        let (browser, asker) = (self.browser(), self.browser());
        browser.sign_in(USER, PASSWORD).expect(303);
        asker.sign_in("asker", PASSWORD).expect(303);
        let empty = browser.get("/requests/new").expect(200);
        let loaded = browser.get("/requests/new?template=pages").expect(200);
        let sent = |form: &Response, fields: &[(&str, &str)]| {
            let latest = hidden(form, "latest");
            let usual = [("space", SPACE), ("title", "0"), ("latest", &latest)];
            // Of two fields with one name the first counts.
            let fields: Vec<_> = fields.iter().copied().chain(usual).collect();
            browser.send(form, "/requests/new", &fields)
        };
        let refused = |fields: &[(&str, &str)]| sent(&empty, fields).expect(400);
        let (long, lines) = ("x".repeat(121), "a\n".repeat(202));
        let list = format!("\"{long}\"\nB;b@\nC;c@a.de;x\nD;;;..\n;;de\nF;;;;;6");
        let one = [("items", "1"), ("folder", "9"), ("name", "1"), ("mail", "a@a.de")];
        let made = sent(
            &empty,
            &[&one[..], &[("deadline", "2999-12-31"), ("language", self.language.tag())]].concat(),
        );
        let made = browser.get(&leads_to(&made)).expect(200);
        let meanwhile = sent(&empty, &one).expect(409);
        let id = made
            .text()
            .split("href=\"/requests/")
            .find(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap()
            .to_owned();
        let id = id.split('"').next().unwrap();
        let again = browser.get(&format!("/requests/new?from={id}")).expect(200);
        let matrix = browser.get("/requests/matrix").expect(200);
        self.server.cli_ok(["request", "close", id]);
        vec![
            refused(&[("title", ""), ("folder", ".."), ("space", "none"), ("deadline", "2001-01-01")]),
            refused(&[("items", &long), ("note", &"x".repeat(4_001))]),
            refused(&[("template", "pages"), ("keep", "1"), ("until-1", "2001-01-01")]),
            refused(&[("items", "1"), ("account", "none")]),
            refused(&[("items", "1"), ("more", &list)]),
            refused(&[("items", "1"), ("more", &lines)]),
            refused(&[("items", "1"), ("more", "a\nb;\"c")]),
            refused(&[("items", "1"), ("folder", "../..")]),
            refused(&[("items", "1"), ("folder", "1.txt")]),
            refused(&[("items", "1"), ("more", "a@a.de\na@a.de")]),
            refused(&[("items", "1"), ("more", &"a\n".repeat(21))]),
            refused(&[("items", "1"), ("each", "yes"), ("more", "A\na")]),
            refused(&[("items", "1"), ("each", "yes")]),
            empty,
            loaded,
            made,
            meanwhile,
            again,
            asker.get("/requests/made").expect(200),
            asker.get("/requests/matrix").expect(200),
            matrix,
        ]
    }

    /// The pages on which users make links.
    fn my_links(&self) -> Vec<Response> {
        let browser = self.browser();
        browser.sign_in(USER, PASSWORD).expect(303);
        let newcomer = self.browser();
        newcomer.sign_in("newcomer", PASSWORD).expect(303);
        let nothing = newcomer.get("/links").expect(200);
        let list = browser.get("/links").expect(200);
        let make = |fields: &[(&str, &str)]| {
            let fields: Vec<_> = [("space", SPACE)].into_iter().chain(fields.iter().copied()).collect();
            browser.send(&list, "/links", &fields)
        };
        let refused = |fields: &[(&str, &str)]| make(fields).expect(400);
        let long = "x".repeat(4_001);
        let new = leads_to(&make(&[
            ("folder", "0"),
            ("can", "add"),
            ("once", "yes"),
            ("password", "Kreide-Ofen-7"),
        ]));
        let first = browser.get(&new).expect(200);
        let page = new.split('?').next().unwrap().to_owned();
        let shown = leads_to(&make(&[("folder", "1.txt"), ("can", "read")]));
        let shown = browser.get(&shown).expect(200);
        let open = leads_to(&make(&[
            ("folder", "0"),
            ("can", "add"),
            ("deadline", "2999-12-31"),
            ("until", "2999-12-31"),
        ]));
        let open = browser.get(&open).expect(200);
        let (guest, link) = (self.browser(), address_on(&open));
        guest.get(&link).expect(200);
        guest.keep(super::hand_in::sent(&guest, &link, "", &[("1.txt", "1")]).send()).expect(200);
        let open = open_page(&browser, &link);
        let under_way = browser.get(&open).expect(200);
        guest.form(&link, &[("do", "finish")]).send();
        let finished = browser.get(&open).expect(200);
        let extend = |day: &str| browser.send(&list, &page, &[("do", "extend"), ("until", day)]);
        let made_box = [("folder", "0"), ("box", "yes")];
        let own_box = leads_to(&make(&made_box)).split('?').next().unwrap().to_owned();
        let box_page = browser.get(&own_box).expect(200);
        let (with_box, second_box) = (browser.get("/links").expect(200), refused(&made_box));
        let no_mails = refused(&[("folder", "0"), ("can", "add"), ("code-to", "a@example.org")]);
        let box_with_end = refused(&[("folder", "0"), ("box", "yes"), ("until", "2999-12-31")]);
        let link = address_on(&box_page);
        let fill_box = |name: &str| {
            let guest = self.browser();
            guest.get(&link).expect(200);
            super::hand_in::sent(&guest, &link, name, &[("1.txt", "1")]).send()
        };
        let (unnamed, of_guest) = (fill_box("").expect(400), self.get(&link).expect(200));
        let too_often = (0..6).map(|_| fill_box("Erika")).find(|answer| answer.status == 429);
        browser.send(&list, &own_box, &[("do", "end")]);
        vec![
            box_page,
            with_box,
            second_box,
            box_with_end,
            no_mails,
            unnamed,
            of_guest,
            too_often.expect("a box is flooded"),
            nothing,
            first,
            shown,
            under_way,
            finished,
            refused(&[("folder", ".."), ("can", "add")]),
            refused(&[("folder", "none"), ("can", "read")]),
            refused(&[("folder", "0"), ("can", "add"), ("downloads", "3")]),
            refused(&[("folder", "1.txt"), ("can", "add")]),
            refused(&[("folder", "0"), ("can", "add"), ("password", "1")]),
            refused(&[("folder", "0"), ("can", "add"), ("until", "2001-01-01")]),
            refused(&[("folder", "0"), ("can", "add"), ("until", "2999-01-01"), ("deadline", "2999-12-31")]),
            refused(&[("folder", "0"), ("can", "read"), ("deadline", "2999-12-31")]),
            refused(&[
                ("folder", "0"),
                ("can", "add"),
                ("password", "Kreide-Ofen-7"),
                ("guest-chooses", "yes"),
            ]),
            refused(&[("folder", "0"), ("can", "add"), ("note", &long)]),
            browser.get(&leads_to(&extend("2999-12-31"))).expect(200),
            extend("2001-01-01").expect(400),
            browser.get("/links").expect(200),
            browser.get(&leads_to(&browser.send(&list, &page, &[("do", "end")]))).expect(200),
        ]
    }

    fn logins(&self) -> Vec<Response> {
        let begin = || {
            let begun = self.server.anonymous("POST", "/login/v2").header("User-Agent", "1").body("").send();
            let begun: Value = serde_json::from_slice(&begun.body).unwrap();
            begun["login"].as_str().unwrap().strip_prefix(&self.server.url("")).unwrap().to_owned()
        };
        let send = |path: &str, page: &Response, password: &str| {
            let text = page.text();
            let nonce = text.split_once("name=\"nonce\" value=\"").unwrap().1.split('"').next().unwrap();
            self.form(path, format!("nonce={nonce}&user={USER}&password={password}"))
        };
        let device = self.server.cli_ok(["user", "app-password", "add", USER, "--label", "1", "--json"]);
        let device: Value = serde_json::from_str(&device).unwrap();
        let device = device["password"].as_str().unwrap_or_else(|| panic!("{device}"));
        let path = begin();
        let page = self.get(&path).expect(200);
        let rejected = send(&path, &page, "0").expect(403);
        let stale = send(&path, &page, PASSWORD).expect(409);
        let by_device = send(&path, &stale, device).expect(403);
        let done = send(&path, &by_device, PASSWORD).expect(200);
        vec![page, rejected, stale, by_device, done, self.get("/login/v2/flow/none").expect(404)]
    }
}

/// The pages of people who sign in with a browser.
impl Reader<'_> {
    fn browser(&self) -> Browser<'_> {
        Browser::new(self.server, self.language.tag())
    }

    fn sign_ins(&self) -> Vec<Response> {
        let newcomer = self.browser();
        newcomer.sign_in("newcomer", PASSWORD).expect(303);
        vec![
            self.browser().get("/login").expect(200),
            self.browser().sign_in(USER, "0").expect(403),
            self.browser().get("/login?out").expect(200),
            self.browser().get("/login?lost").expect(200),
            self.browser().form("/login", &[]).send().expect(403),
            newcomer.get("/holding").expect(200),
            newcomer.get("/").expect(200),
        ]
    }

    fn holding(&self) -> Vec<Response> {
        let name = |n: u8| format!("{n}{}.txt", self.language.tag());
        for n in [1, 2] {
            self.server.request("PUT", &format!("/dav/h1/{}", name(n))).body("x").send().expect(201);
        }
        let browser = self.browser();
        browser.sign_in(USER, PASSWORD).expect(303);
        let list = browser.get("/holding").expect(200);
        let item = |n: u8| {
            let text = list.text();
            let (before, _) =
                text.split_once(&format!("\">{}</a>", name(n))).unwrap_or_else(|| panic!("{list}"));
            before.rsplit_once('"').unwrap().1.to_owned()
        };
        let (first, second) = (item(1), item(2));
        let shown = browser.get(&first).expect(200);
        let decide = |path: &str, fields: &[(&str, &str)]| browser.send(&shown, path, fields);
        let refused = |path: &str, status: u16, fields: &[(&str, &str)]| decide(path, fields).expect(status);
        let done =
            |path: &str, fields: &[(&str, &str)]| browser.get(&leads_to(&decide(path, fields))).expect(200);
        let (long, number) = ("x".repeat(1_001), first.rsplit('/').next().unwrap());
        vec![
            browser.get("/holding?q=none").expect(200),
            browser.get("/holding?before=1&state=all").expect(200),
            refused(&first, 409, &[("decision", "release"), ("reason", "1")]),
            refused(&first, 400, &[("decision", "keep"), ("reason", " ")]),
            refused(&first, 400, &[("decision", "keep"), ("reason", &long)]),
            refused(&first, 400, &[("decision", "override"), ("reason", "1")]),
            refused(&format!("{first}/password"), 400, &[("password", "")]),
            refused(&format!("{first}/password"), 409, &[("password", "1")]),
            done(&first, &[("decision", "keep"), ("reason", "1")]),
            decide(
                "/holding",
                &[("decision", "keep"), ("reason", "1"), ("item", number), ("item", "999999")],
            )
            .expect(200),
            done(&first, &[("decision", "quarantine"), ("reason", "1")]),
            done(&first, &[("decision", "retry")]),
            done(&first, &[("decision", "withdraw"), ("reason", "1")]),
            done(&second, &[("decision", "override"), ("reason", "1"), ("confirm", "yes")]),
            refused(&second, 409, &[("decision", "release"), ("reason", "1")]),
            browser.get("/holding/999999").expect(404),
            list,
            shown,
        ]
    }
}

/// The path of the address on the page of a link.
fn address_on(page: &Response) -> String {
    let text = page.text();
    let address = text.split_once("readonly value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    format!("/s/{}", address.rsplit('/').next().unwrap())
}

/// The page of the link that has this address.
fn open_page(browser: &Browser<'_>, link: &str) -> String {
    let list = browser.get("/links").text();
    let pages = list
        .split("href=\"/links/")
        .skip(1)
        .map(|rest| format!("/links/{}", rest.split('"').next().unwrap()));
    let mut pages = pages;
    pages.find(|page| browser.get(page).text().contains(link)).unwrap()
}

/// The text that a reader sees, between the tags.
fn texts(page: &Response) -> Vec<String> {
    let html = page.text();
    let texts = html.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim());
    let plain = |text: &str| {
        text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    };
    texts.filter(|text| !text.is_empty()).map(plain).collect()
}

/// The fixed parts of a sentence.
fn parts(sentence: &'static str) -> impl Iterator<Item = &'static str> {
    let parts = sentence.split(['{', '}']).step_by(2);
    parts.map(|part| part.trim_matches(|char: char| !char.is_alphanumeric())).filter(|part| part.len() > 2)
}

fn in_language(sentence: &Sentence, language: Language) -> &'static str {
    match language {
        Language::German => sentence.german,
        Language::English => sentence.english,
    }
}

/// What the buttons of a page's forms do that have several, in their order. Enter in a line of a form presses the first.
fn several_buttons(page: &Response) -> Vec<Vec<String>> {
    let text = page.text();
    let forms = text.split("<form").skip(1).filter_map(|rest| rest.split("</form>").next());
    let word = |rest: &str| {
        let tag = rest.split('>').next().unwrap_or_default();
        let value = tag.split_once("value=\"").map(|(_, value)| value.split('"').next().unwrap_or_default());
        value.unwrap_or_default().to_owned()
    };
    let buttons = forms.map(|form| form.split("<button").skip(1).map(word).collect::<Vec<_>>());
    buttons.filter(|buttons| buttons.len() > 1).collect()
}

#[test]
fn every_page_speaks_one_language_and_names_no_command() {
    // Whether everything was verified already would depend on the time.
    let server = shared_with("hosts = ['127.0.0.1']\n[scrub]\nevery_days = 0");
    server.add_space("tiny", ["--kind", "team", "--quota", "1MiB"], "manage");
    server.add_space("h1", ["--kind", "team", "--intake", "on"], "manage");
    server.cli_ok(["grant", USER, SPACE, "manage"]);
    server.add_user("newcomer", "staff", PASSWORD);
    server.add_user("asker", "staff", PASSWORD);
    server.cli_ok(["grant", "asker", "tiny", "write"]);
    for folder in [format!("{SPACE}/0"), format!("{SPACE}/empty"), "tiny/0".to_owned()] {
        server.request("MKCOL", &format!("/dav/{folder}")).send().expect(201);
    }
    server.request("PUT", &format!("/dav/{SPACE}/1.txt")).body("x").send().expect(201);
    let text = server.secret_file("1.txt", "1");
    let text = text.to_str().unwrap();
    server.cli_ok([
        "office",
        "set",
        "--name",
        "1",
        "--contact",
        "2",
        "--phone",
        "3",
        "--mail",
        "4@example.de",
        "--web",
        "https://example.de",
        "--imprint-file",
        text,
        "--privacy-file",
        text,
        "--accessibility-file",
        text,
    ]);
    let throttling = &TestServer::start_plain();
    for (language, other) in [(Language::German, Language::English), (Language::English, Language::German)] {
        let pages = Reader { server: &server, throttling, language }.pages();
        let seen: Vec<Vec<String>> = pages.iter().map(texts).collect();
        for (page, seen) in pages.iter().zip(&seen) {
            assert!(page.text().contains(&format!("<html lang=\"{}\">", language.tag())), "{page}");
            let has_command = |text: &String| text.contains("tresor ") || text.contains("--");
            assert!(!seen.iter().any(has_command), "{page}");
            let destroys =
                |first: &String| ["delete", "purge", "remove", "take", "end"].contains(&first.as_str());
            assert!(!several_buttons(page).iter().filter_map(|all| all.first()).any(destroys), "{page}");
            let foreign = PAGES.iter().flat_map(|(_, table)| *table).filter(|one| one.german != one.english);
            for part in foreign.flat_map(|sentence| parts(in_language(sentence, other))) {
                // A single word may well be part of a sentence in the other language.
                let shows = |text: &String| match part.contains(' ') {
                    true => text.contains(part),
                    false => text.trim_end_matches(':') == part,
                };
                assert!(!seen.iter().any(shows), "{part:?} on a page in {language:?}: {page}");
            }
        }
        let sentences = PAGES.iter().flat_map(|(table, all)| all.iter().map(move |one| (table, one)));
        let unseen: Vec<String> = sentences
            .filter(|(_, sentence)| {
                let shows =
                    |text: &String| parts(in_language(sentence, language)).all(|part| text.contains(part));
                !seen.iter().flatten().any(shows)
            })
            .map(|(table, sentence)| format!("{table}::{}", sentence.name))
            .collect();
        let expected: Vec<_> = UNSEEN.iter().map(|(name, _why)| *name).collect();
        assert_eq!(unseen, expected, "in {language:?}");
    }
}
