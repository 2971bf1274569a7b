//! Closed sets of words and letters as Rust enums.

/// A closed set: each value has one spelling in a batch.
///
/// In a `cat` column the spelling is lower-case text, in a `code` column one ASCII letter.
pub trait Vocabulary: Copy + Eq + std::fmt::Debug + 'static {
    /// Every value, in the order of the contract.
    const ALL: &'static [Self];
    /// Every spelling, in the same order.
    const WORDS: &'static [&'static str];

    /// The spelling of this value.
    fn word(self) -> &'static str;

    /// The value with this spelling.
    fn from_word(word: &str) -> Option<Self>;
}

/// Declares a closed set once: the enum, its spellings and its [`Vocabulary`].
macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$value_meta])* $value,)+ }

        impl $crate::Vocabulary for $name {
            const ALL: &'static [Self] = &[$(Self::$value),+];
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn word(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }

            fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$value),)+ _ => None }
            }
        }
    };
}
pub(crate) use vocabulary;
