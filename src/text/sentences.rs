//! Tables of sentences: each sentence in every language.

/// One sentence of a table as declared; `{name}` marks a place to fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Name of the table's method.
    pub name: &'static str,
    /// In German.
    pub german: &'static str,
    /// In English.
    pub english: &'static str,
}

/// Declares a table: a type with one method per sentence. A sentence that lacks a language does not compile, nor does a
/// place that one language fills and the declaration does not name.
macro_rules! sentences {
    (
        $(#[$about:meta])*
        $table:ident;
        $($name:ident $(($($place:ident: $kind:ty),+))? : de $german:literal, en $english:literal;)+
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug)]
        pub struct $table(pub $crate::text::Language);

        impl $table {
            /// All sentences of the table.
            pub const ALL: &'static [$crate::text::Sentence] = &[$(
                $crate::text::Sentence { name: stringify!($name), german: $german, english: $english },
            )+];

            $($crate::text::sentences::sentence! { $name [$($($place: $kind)+)?] $german, $english })+
        }
    };
}

/// The method of one sentence.
macro_rules! sentence {
    ($name:ident [] $german:literal, $english:literal) => {
        #[doc = $english]
        pub const fn $name(self) -> &'static str {
            match self.0 {
                $crate::text::Language::German => $german,
                $crate::text::Language::English => $english,
            }
        }
    };
    ($name:ident [$($place:ident: $kind:ty)+] $german:literal, $english:literal) => {
        #[doc = $english]
        pub fn $name(self, $($place: $kind),+) -> String {
            match self.0 {
                $crate::text::Language::German => format!($german),
                $crate::text::Language::English => format!($english),
            }
        }
    };
}

pub(super) use {sentence, sentences};
