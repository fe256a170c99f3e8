//! Clients and items side by side.

use crate::text::sentences::sentences;

sentences! {
    /// Sentences of the matrix of requests.
    MatrixTexts;

    about:
        de "Was jeder Mandant zu den Anfragen aus einer Vorlage schon gesendet hat und was ihm noch fehlt.",
        en "What each client has already sent for the requests made from one template, and what is still missing.";
    template:
        de "Anfragen aus der Vorlage",
        en "Requests made from the template";
    no_template:
        de "keiner: was selbst geschrieben wurde",
        en "none: what was written by hand";
    empty:
        de "Aus dieser Vorlage gibt es hier keine Anfrage. Wählen Sie eine andere.",
        en "There is no request from this template here. Choose another one.";
    table:
        de "Als CSV-Datei für eine Tabelle",
        en "As a CSV file for a spreadsheet";
    like:
        de "Mit gleichen Anfragen vergleichen",
        en "Compare with requests of the same kind";
    cut(rows: usize, columns: usize):
        de "Die Tabelle ist gekürzt: Sie hat höchstens {rows} Anfragen und {columns} Punkte.",
        en "The table is cut: it has at most {rows} requests and {columns} items.";
    one_item(title: &str):
        de "Ein Punkt: „{title}“.",
        en "One item: \"{title}\".";
    items(count: usize, first: &str, last: &str):
        de "{count} Punkte nebeneinander, von „{first}“ bis „{last}“.",
        en "{count} items side by side, from \"{first}\" to \"{last}\".";
    columns_cut(count: usize):
        de "Gezeigt werden nur die ersten {count} Punkte. Die übrigen stehen auf den Seiten der Anfragen.",
        en "Only the first {count} items are shown. The others are on the pages of the requests.";
    client:
        de "Mandant",
        en "Client";
    not_asked:
        de "nicht gefragt",
        en "not requested";
    word_open:
        de "fehlt",
        en "missing";
    word_handed_in:
        de "prüfen",
        en "check";
    word_declined:
        de "trifft nicht zu?",
        en "does not apply?";
    word_accepted:
        de "erledigt",
        en "done";
    word_rejected:
        de "fehlt wieder",
        en "missing again";
}
