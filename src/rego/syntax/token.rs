//! The kinds of tokens, with the words OPA uses for them in errors and in the names of operators.

/// Kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Illegal,
    Eof,
    Whitespace,
    Ident,
    Comment,
    Package,
    Import,
    As,
    Default,
    Else,
    Not,
    Some,
    With,
    Null,
    True,
    False,
    Number,
    String,
    TemplatePart,
    TemplateEnd,
    RawTemplatePart,
    RawTemplateEnd,
    LBrack,
    RBrack,
    LBrace,
    RBrace,
    LParen,
    RParen,
    Comma,
    Colon,
    Add,
    Sub,
    Mul,
    Quo,
    Rem,
    And,
    Or,
    Unify,
    Equal,
    Assign,
    In,
    Neq,
    Gt,
    Lt,
    Gte,
    Lte,
    Dot,
    Semicolon,
    Every,
    Contains,
    If,
}

/// Whether `in`, `every`, `contains` and `if` are keywords. They are not in the path of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keywords {
    All,
    WithoutFuture,
}

/// Every keyword of Rego v1, sorted.
const KEYWORDS: [(&str, Kind); 15] = [
    ("as", Kind::As),
    ("contains", Kind::Contains),
    ("default", Kind::Default),
    ("else", Kind::Else),
    ("every", Kind::Every),
    ("false", Kind::False),
    ("if", Kind::If),
    ("import", Kind::Import),
    ("in", Kind::In),
    ("not", Kind::Not),
    ("null", Kind::Null),
    ("package", Kind::Package),
    ("some", Kind::Some),
    ("true", Kind::True),
    ("with", Kind::With),
];

/// How long keywords are: most words are longer.
const KEYWORD_BYTES: std::ops::RangeInclusive<usize> = 2..=8;

/// The keyword a word is, if it is one.
pub(super) fn keyword(word: &str) -> Option<Kind> {
    if !KEYWORD_BYTES.contains(&word.len()) {
        return None;
    }
    let index = KEYWORDS.binary_search_by_key(&word, |(text, _)| text).ok()?;
    KEYWORDS.get(index).map(|(_, kind)| *kind)
}

impl Kind {
    /// OPA's word: the symbol for punctuation, the builtin's name for operators.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Illegal => "illegal",
            Self::Eof => "eof",
            Self::Whitespace => "whitespace",
            Self::Ident => "identifier",
            Self::Comment => "comment",
            Self::Package => "package",
            Self::Import => "import",
            Self::As => "as",
            Self::Default => "default",
            Self::Else => "else",
            Self::Not => "not",
            Self::Some => "some",
            Self::With => "with",
            Self::Null => "null",
            Self::True => "true",
            Self::False => "false",
            Self::Number => "number",
            Self::String => "string",
            Self::TemplatePart => "template-string-part",
            Self::TemplateEnd => "template-string-end",
            Self::RawTemplatePart => "raw-template-string-part",
            Self::RawTemplateEnd => "raw-template-string-end",
            Self::LBrack => "[",
            Self::RBrack => "]",
            Self::LBrace => "{",
            Self::RBrace => "}",
            Self::LParen => "(",
            Self::RParen => ")",
            Self::Comma => ",",
            Self::Colon => ":",
            Self::Add => "plus",
            Self::Sub => "minus",
            Self::Mul => "mul",
            Self::Quo => "div",
            Self::Rem => "rem",
            Self::And => "and",
            Self::Or => "or",
            Self::Unify => "eq",
            Self::Equal => "equal",
            Self::Assign => "assign",
            Self::In => "in",
            Self::Neq => "neq",
            Self::Gt => "gt",
            Self::Lt => "lt",
            Self::Gte => "gte",
            Self::Lte => "lte",
            Self::Dot => ".",
            Self::Semicolon => ";",
            Self::Every => "every",
            Self::Contains => "contains",
            Self::If => "if",
        }
    }

    /// Whether the token is a keyword: those may stand as parts of references (`p.if`, `p.in.every`).
    pub(super) fn is_keyword(self) -> bool {
        KEYWORDS.iter().any(|(_, kind)| *kind == self)
    }

    /// How tightly an infix operator binds; `in`, `=` and `:=` bind less than all of these.
    pub(super) fn level(self) -> Option<Level> {
        Some(match self {
            Self::Equal | Self::Neq | Self::Lt | Self::Gt | Self::Lte | Self::Gte => Level::Relation,
            Self::Or => Level::Or,
            Self::And => Level::And,
            Self::Add | Self::Sub => Level::Sum,
            Self::Mul | Self::Quo | Self::Rem => Level::Product,
            _ => return None,
        })
    }
}

/// Levels of infix operators, from loose to tight. All are left-associative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Relation,
    Or,
    And,
    Sum,
    Product,
}

impl Level {
    /// The next tighter level; none above products, whose operands are plain terms.
    pub(super) fn tighter(self) -> Option<Level> {
        match self {
            Self::Relation => Some(Self::Or),
            Self::Or => Some(Self::And),
            Self::And => Some(Self::Sum),
            Self::Sum => Some(Self::Product),
            Self::Product => None,
        }
    }

    /// The next looser level.
    pub(super) fn looser(self) -> Option<Level> {
        match self {
            Self::Relation => None,
            Self::Or => Some(Self::Relation),
            Self::And => Some(Self::Or),
            Self::Sum => Some(Self::And),
            Self::Product => Some(Self::Sum),
        }
    }
}
