//! Clients and items side by side: of all requests that were made from one template, what each client still lacks; as a page,
//! and as a table for a spreadsheet.

use http::{Response, StatusCode};
use maud::{Markup, html};

use super::address::{LIST, MATRIX, of_request};
use super::filter::{Filter, Visits};
use super::one::sign;
use super::table::written;
use super::{Failure, Requests};
use crate::http::page::{Width, note};
use crate::http::reply::csv_file;
use crate::model::{ItemState, RequestId, Shown};
use crate::net::ResponseBody;
use crate::sharing::{RequestItem, RequestLine, RequestLines};
use crate::text::{BrowseTexts, MatrixTexts};

/// Most requests of one page of the matrix.
const MAX_LINES: usize = 50;
/// Most requests of the table for a spreadsheet.
const MAX_EXPORTED: usize = 1_000;
/// Most items side by side; a request has fewer, requests with items of their own can have more together.
const MAX_COLUMNS: usize = 200;
/// Most items that a phone shows beside the client.
const MOST_ON_PHONES: usize = 1;
/// Most items that a wide screen shows beside the client.
const MOST_ON_SCREENS: usize = 5;

/// A column: title and person of an item.
type Column = (String, String);

impl Requests<'_> {
    pub(super) async fn matrix(&self) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.matrix_texts();
        let (filter, found) = self.lines(MAX_LINES).await?;
        let (groups, order) = (groups(&found, &filter), self.order(&filter).await?);
        let table = format!("{MATRIX}/csv?{}", Filter { before: None, ..filter.clone() }.query());
        let content = html! {
            p { (texts.about()) }
            (self.templates(&filter).await?)
            (self.choice(&filter, MATRIX))
            @if found.lines.is_empty() { p role="status" { (texts.empty()) } } @else {
                @for (place, group) in groups.iter().enumerate() { (self.grid(place, group, &order)) }
                p { (self.legend()) }
            }
            (self.paging(&filter, MATRIX, &found))
            @if !found.lines.is_empty() { p { a.button href=(table) { (texts.table()) } } }
            p { a href=(LIST) { (self.texts().all()) } }
        };
        Ok(self.page(self.texts().matrix_title(), Width::Wide, content, StatusCode::OK))
    }

    /// The same as a table, of all pages as far as it may go.
    pub(super) async fn matrix_table(&self) -> Result<Response<ResponseBody>, Failure> {
        let texts = self.matrix_texts();
        let (filter, found) = self.lines(MAX_EXPORTED).await?;
        let order = self.order(&filter).await?;
        let columns = columns(&found.lines.iter().collect::<Vec<_>>(), &order);
        let heads =
            [texts.client(), self.texts().subject(), self.texts().space_asked(), self.texts().deadline()];
        let heads =
            heads.map(str::to_owned).into_iter().chain(columns.iter().map(|column| self.head(column)));
        let mut rows = vec![heads.collect()];
        for line in &found.lines {
            let deadline = line.row.deadline.map(|at| self.last_day(at)).unwrap_or_default();
            let about = [
                self.people(&line.recipients),
                line.row.title.clone(),
                self.space_name(line.row.space),
                deadline,
            ];
            let states = columns.iter().map(|column| {
                let found = item(line, column);
                let due = found.and_then(|found| self.item_due(&line.row, found)).map(|(_, due)| due);
                let word = state(texts, found).to_owned();
                [Some(word), due].into_iter().flatten().collect::<Vec<_>>().join(", ")
            });
            rows.push(about.into_iter().chain(states).collect());
        }
        if found.next.is_some() || is_cut(&found.lines.iter().collect::<Vec<_>>(), &columns) {
            rows.push(vec![texts.cut(MAX_EXPORTED, MAX_COLUMNS)]);
        }
        Ok(csv_file("tresor-requests.csv", written(self.desk.language, rows)))
    }

    /// The requests that the address asks for. Those of the first template that has any, if it names none.
    async fn lines(&self, limit: usize) -> Result<(Filter, RequestLines), Failure> {
        let mut filter = Filter::of(self.desk.context.parts.uri.query().unwrap_or_default());
        let sharing = &self.desk.context.services.sharing;
        let visits = Visits::of(self.desk.context);
        if filter.template.is_none() {
            let newest = filter.asked(visits.last);
            let newest = sharing.request_lines(&self.rights, newest, (1, false), self.now()).await?;
            let template = newest.lines.into_iter().next().map(|line| line.row.template);
            filter.template = Some(template.unwrap_or_default());
        }
        let asked = filter.asked(visits.last);
        let found = sharing.request_lines(&self.rights, asked, (limit, true), self.now()).await?;
        Ok((filter, found))
    }

    /// The items of the template as it is now.
    async fn order(&self, filter: &Filter) -> Result<Vec<Column>, Failure> {
        let template = self.template(filter.template.as_deref().unwrap_or_default()).await?;
        let items = template.map(|template| template.items).unwrap_or_default();
        Ok(items.into_iter().map(|item| (item.title, item.person)).collect())
    }

    /// The form that chooses the template.
    async fn templates(&self, filter: &Filter) -> Result<Markup, Failure> {
        let (texts, templates) = (self.matrix_texts(), self.desk.context.services.sharing.templates().await?);
        let chosen = filter.template.as_deref().unwrap_or_default();
        let rest = Filter { template: None, before: None, ..filter.clone() };
        Ok(html! {
            form.filter method="get" action=(MATRIX) {
                @for (name, value) in rest.fields() { input type="hidden" name=(name) value=(value); }
                label { (texts.template())
                    select name="template" {
                        @for (template, _) in &templates {
                            option value=(template.name) selected[template.name == chosen] { (Shown(&template.title)) }
                        }
                        option value="" selected[chosen.is_empty()] { (texts.no_template()) }
                    }
                }
                button.other { (self.texts().choose()) }
            }
        })
    }

    /// One table; the line above it says how many items it has, because a screen rarely shows all of them.
    fn grid(&self, place: usize, lines: &[&RequestLine], order: &[Column]) -> Markup {
        let (texts, columns) = (self.matrix_texts(), columns(lines, order));
        let about = format!("matrix-{place}");
        html! {
            @if let (Some(first), Some(last)) = (columns.first(), columns.last()) {
                p.hint id=(about) {
                    @if columns.len() == 1 { (texts.one_item(&self.head(first))) }
                    @else { (texts.items(columns.len(), &self.head(first), &self.head(last))) }
                    @if columns.len() > MOST_ON_PHONES {
                        @let class = if columns.len() > MOST_ON_SCREENS { "" } else { "slides" };
                        " " span class=(class) { (BrowseTexts(self.desk.language).slides()) }
                    }
                }
            }
            @if is_cut(lines, &columns) { (note(&texts.columns_cut(MAX_COLUMNS))) }
            div.scroll role="region" tabindex="0" aria-labelledby=(about) {
                table.matrix {
                    thead { tr {
                        th scope="col" { (texts.client()) }
                        @for column in &columns { th scope="col" { (self.head(column)) } }
                    } }
                    tbody { @for line in lines { tr #{ "request-" (line.row.id) } {
                        th scope="row" { (self.client(line)) }
                        @for column in &columns { (self.cell(line, column)) }
                    } } }
                }
            }
        }
    }

    fn client(&self, line: &RequestLine) -> Markup {
        let people = self.people(&line.recipients);
        let title = Shown(&line.row.title).to_string();
        html! {
            a href=(of_request(line.row.id)) { (if people.is_empty() { &title } else { &people }) }
            @if !people.is_empty() { br; small { (title) } }
        }
    }

    fn cell(&self, line: &RequestLine, column: &Column) -> Markup {
        let texts = self.matrix_texts();
        match item(line, column) {
            None => html! { td { small { (texts.not_asked()) } } },
            Some(found) => html! {
                td class=(found.state) {
                    a href={ (of_request(line.row.id)) "#item-" (found.id) } {
                        (sign(found.state)) " " (state(texts, Some(found)))
                    }
                    @if let Some((is_overdue, due)) = self.item_due(&line.row, found) {
                        br; small.alarm[is_overdue] { @if is_overdue { "! " } (due) }
                    }
                }
            },
        }
    }

    fn head(&self, (title, person): &Column) -> String {
        let title = Shown(title).to_string();
        match person.as_str() {
            "" => title,
            person => format!("{title} – {}", self.texts().person(&Shown(person).to_string())),
        }
    }

    fn legend(&self) -> String {
        let words = ItemState::ALL
            .iter()
            .map(|state| format!("{} {}", sign(*state), word(self.matrix_texts(), *state)));
        words.collect::<Vec<_>>().join(" · ")
    }

    /// The link to the matrix of the requests like this one.
    pub(super) fn to_matrix(&self, template: &str, id: RequestId) -> Markup {
        let filter = Filter { template: Some(template.to_owned()), ..Filter::default() };
        html! { p { a href={ (MATRIX) "?" (filter.query()) "#request-" (id) } { (self.matrix_texts().like()) } } }
    }
}

/// Requests with one head each: those from a template have one; those without, one for each list of the same items.
fn groups<'a>(found: &'a RequestLines, filter: &Filter) -> Vec<Vec<&'a RequestLine>> {
    if filter.template.as_ref().is_some_and(|template| !template.is_empty()) {
        return vec![found.lines.iter().collect()];
    }
    let mut groups: Vec<(Vec<Column>, Vec<&RequestLine>)> = Vec::new();
    for line in &found.lines {
        let own = columns(&[line], &[]);
        match groups.iter_mut().find(|(columns, _)| *columns == own) {
            Some((_, lines)) => lines.push(line),
            None => groups.push((own, vec![line])),
        }
    }
    groups.into_iter().map(|(_, lines)| lines).collect()
}

/// The items of these requests, those of their template in its order, then the others.
fn columns(lines: &[&RequestLine], order: &[Column]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for item in lines.iter().flat_map(|line| &line.states) {
        let is_known = columns.iter().any(|(title, person)| *title == item.title && *person == item.person);
        if !is_known && columns.len() < MAX_COLUMNS {
            columns.push((item.title.clone(), item.person.clone()));
        }
    }
    columns.sort_by_key(|column| order.iter().position(|known| known == column).unwrap_or(usize::MAX));
    columns
}

/// Whether some item of these requests has no column.
fn is_cut(lines: &[&RequestLine], columns: &[Column]) -> bool {
    let has_column = |item: &RequestItem| {
        columns.iter().any(|(title, person)| *title == item.title && *person == item.person)
    };
    columns.len() == MAX_COLUMNS && !lines.iter().flat_map(|line| &line.states).all(has_column)
}

fn item<'a>(line: &'a RequestLine, (title, person): &Column) -> Option<&'a RequestItem> {
    line.states.iter().find(|item| item.title == *title && item.person == *person)
}

fn state(texts: MatrixTexts, item: Option<&RequestItem>) -> &'static str {
    item.map_or(texts.not_asked(), |item| word(texts, item.state))
}

/// A state in one word or two.
fn word(texts: MatrixTexts, state: ItemState) -> &'static str {
    match state {
        ItemState::Open => texts.word_open(),
        ItemState::HandedIn => texts.word_handed_in(),
        ItemState::DoesNotApply => texts.word_declined(),
        ItemState::Accepted => texts.word_accepted(),
        ItemState::Rejected => texts.word_rejected(),
    }
}
