//! Every statement of the catalogue parses as `PostgreSQL` 15, so that a second store stays possible.
//!
//! The statements are read from the sources, the constants in them filled in, and handed to `PostgreSQL`'s own
//! parser (`libpg_query`, through pglast).

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use syn::buffer::TokenBuffer;

use super::{File, House, Token, tokens};

/// How statements begin.
const STARTS: [&str; 7] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ", "VALUES ", "REPLACE "];

/// The files about SQLite itself: its connections, its schema, its file.
const ABOUT_SQLITE: &str = "sqlite/";

/// Statements about SQLite itself that stand beside a table's own: file and a part of the statement.
const SQLITE_ONLY: [(&str, &str); 1] = [("integrity", "FROM sqlite_sequence")];

/// The texts for the parts of statements that are no constants: file, name, text.
const PARTS: [(&str, &str, &str); 4] = [
    ("accounts", "table", "grants"),
    ("accounts", "column", "user_id"),
    ("properties", "", "value"),
    ("requests", "of", "closed_at IS NULL AND missing > 0 AND deadline_at < ?5"),
];

/// The program may one day keep its catalogue in `PostgreSQL`. A statement that only SQLite understands would
/// close that door unseen. This is about the grammar; names and types need a `PostgreSQL` with a schema.
#[test]
fn every_statement_parses_as_postgresql() {
    let files = House::read(Path::new(env!("CARGO_MANIFEST_DIR"))).files();
    let (statements, mut faults) = statements(&files);
    assert!(statements.len() > 150, "only {} statements were found", statements.len());
    faults.extend(grammar_faults(&statements));
    assert!(faults.is_empty(), "\n\n- {}\n", faults.join("\n- "));
}

#[test]
fn sqlites_own_grammar_is_found() {
    let faults_of = |source: &str| {
        let files = [File::read("src/catalog/x.rs", source)];
        let (statements, mut faults) = statements(&files);
        faults.extend(grammar_faults(&statements));
        faults.retain(|fault| fault.contains("src/catalog/x.rs"));
        faults
    };
    for source in [
        r#"fn f() { run("INSERT OR IGNORE INTO a (b) VALUES (?1)") }"#,
        r#"fn f() { run("SELECT b FROM a WHERE b IS ?1") }"#,
        r#"const COLUMNS: &str = "b INDEXED BY c"; fn f() { run(&format!("SELECT {COLUMNS} FROM a")) }"#,
        r#"const A: &str = "SELECT b FROM a"; fn f() { run(&format!("{A} CROSS JOIN c ON c.d = a.b")) }"#,
        r#"fn f() { run(&format!("SELECT {unknown} FROM a")) }"#,
    ] {
        assert!(!faults_of(source).is_empty(), "{source}");
    }
    for source in [
        r#"const COLUMNS: &str = "b, c"; fn f() { run(&format!("SELECT {COLUMNS} FROM a WHERE b = ?1")) }"#,
        r#"fn f() { run("INSERT INTO a (b) VALUES (?1) ON CONFLICT DO NOTHING") }"#,
        r#"#[cfg(test)] mod tests { fn f() { run("INSERT OR IGNORE INTO a (b) VALUES (1)") } }"#,
    ] {
        assert_eq!(faults_of(source), Vec::<String>::new(), "{source}");
    }
}

/// The statements of `catalog`, each with its file, and those that cannot be judged.
fn statements(files: &[File]) -> (Vec<(&str, String)>, Vec<String>) {
    let (mut statements, mut faults) = (Vec::new(), Vec::new());
    let mut apart = SQLITE_ONLY.to_vec();
    let of_catalog = || files.iter().filter(|file| file.room() == Some("catalog"));
    let mut shared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, text) in of_catalog().flat_map(|file| bound_texts(&file.text)) {
        shared.entry(name).or_default().push(text);
    }
    for file in of_catalog() {
        let name = file.place.trim_start_matches("src/catalog/").trim_end_matches(".rs");
        if name.starts_with(ABOUT_SQLITE) {
            continue;
        }
        let mut bound = bound_texts(&file.text);
        // A constant that one file alone defines, others may import.
        for (name, texts) in &shared {
            if let [text] = texts.as_slice() {
                bound.entry(name.clone()).or_insert_with(|| text.clone());
            }
        }
        for text in &file.texts {
            let sql = filled(text, name, &bound);
            let sql = sql.trim_start();
            if !STARTS.iter().any(|start| sql.starts_with(start)) {
                continue;
            }
            let is_apart = |(of, part): &(&str, &str)| *of == name && sql.contains(part);
            if SQLITE_ONLY.iter().any(is_apart) {
                apart.retain(|entry| !is_apart(entry));
            } else if sql.contains('{') {
                faults.push(format!(
                    "{}: a part of this statement is no constant. Say in PARTS (tests/architecture/statements.rs) what \
                     stands for it: {sql}",
                    file.place
                ));
            } else {
                statements.push((file.place.as_str(), sql.replace('?', "$")));
            }
        }
    }
    faults.extend(apart.iter().map(|(name, part)| {
        format!("tests/architecture/statements.rs: no statement of {name}.rs has \"{part}\". Take it from SQLITE_ONLY.")
    }));
    (statements, faults)
}

/// A text with its `{NAME}` filled in, as far as they are known.
fn filled(text: &str, file: &str, bound: &BTreeMap<String, String>) -> String {
    let Some((before, (name, after))) =
        text.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
    else {
        return text.to_owned();
    };
    let part = PARTS.iter().find(|(of, part, _)| (*of, *part) == (file, name)).map(|(_, _, text)| *text);
    let part = bound.get(name).map(String::as_str).or(part);
    let part = part.map_or_else(|| format!("{{{name}}}"), |part| filled(part, file, bound));
    format!("{before}{part}{}", filled(after, file, bound))
}

/// The texts that a file gives a name: `const NAME: &str = "…"`, `let name = "…"`.
fn bound_texts(source: &str) -> BTreeMap<String, String> {
    fn collect(tokens: &[Token], bound: &mut BTreeMap<String, String>) {
        use Token::{Body, Group, Sign, Text, Word};
        for at in 0..tokens.len() {
            match &tokens[at..] {
                [Word(word), Word(name), Sign(':'), Sign('&'), Word(_), Sign('='), Text(text), ..]
                    if word == "const" =>
                {
                    bound.insert(name.clone(), text.clone());
                }
                [Word(word), Word(name), Sign('='), Text(text), ..] if word == "let" => {
                    bound.insert(name.clone(), text.clone());
                }
                [Body(inner) | Group(inner), ..] => collect(inner, bound),
                _ => {}
            }
        }
    }
    let mut bound = BTreeMap::new();
    collect(&tokens(TokenBuffer::new2(source.parse().unwrap()).begin()), &mut bound);
    bound
}

/// The objections of `PostgreSQL`'s parser to statements.
fn grammar_faults(statements: &[(&str, String)]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/clients/pglast/bin/python");
    assert!(python.exists(), "{} is missing: run tests/install.sh test", python.display());
    let texts: Vec<&str> = statements.iter().map(|(_, sql)| sql.as_str()).collect();
    let mut parser = Command::new(python)
        .arg(root.join("tests/architecture/postgresql.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    parser.stdin.take().unwrap().write_all(serde_json::to_string(&texts).unwrap().as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    assert!(output.status.success(), "postgresql.py: {}", output.status);
    let verdicts: Vec<Option<String>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verdicts.len(), statements.len());
    let judged = statements.iter().zip(verdicts);
    let fault = |((place, sql), verdict): (&(&str, String), Option<String>)| {
        verdict
            .map(|why| format!("{place}: PostgreSQL 15 says: {why}. Write it so that both parse it: {sql}"))
    };
    judged.filter_map(fault).collect()
}
