//! Words, numbers and signs of an expression, each with its place in the text.

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name: letters, digits, `_`, `-`, `.`, `[`, `]`; or anything in quotes.
    Word(String),
    /// Digits with what follows them: `10000`, `1m`, `30%`, `500/s`.
    Number(String),
    /// `(` `)` `{` `}` `,` `=` `/` and comparisons.
    Sign(&'static str),
}

pub struct Placed {
    pub token: Token,
    /// Bytes within the text.
    pub start: usize,
    pub end: usize,
}

const SIGNS: &[&str] = &["<=", ">=", "==", "!=", "<", ">", "(", ")", "{", "}", ",", "=", "/"];

/// All tokens, or the place of a character that has no meaning.
pub fn lex(text: &str) -> Result<Vec<Placed>, usize> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = if first == '\'' || first == '"' {
            let Some(length) = rest[1..].find(first) else { return Err(at) };
            (Token::Word(rest[1..=length].to_owned()), length + 2)
        } else if first.is_ascii_digit() || first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
            let length = number_length(rest);
            (Token::Number(rest[..length].to_owned()), length)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            let length = rest.find(|c: char| !word_part(c)).unwrap_or(rest.len());
            if length == 0 {
                return Err(at);
            }
            (Token::Word(rest[..length].to_owned()), length)
        };
        tokens.push(Placed { token, start: at, end: at + length });
        at += length;
    }
    Ok(tokens)
}

fn word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']')
}

/// A number with its unit; the slash of `500/s` belongs to it, that of a ratio does not.
fn number_length(rest: &str) -> usize {
    let length = rest.find(|c: char| !(word_part(c) || c == '%' || c == 'µ')).unwrap_or(rest.len());
    let after = &rest[length..];
    let per = ["/s", "/min", "/m", "/h"]
        .iter()
        .find(|per| after.strip_prefix(**per).is_some_and(|next| !next.starts_with(|c: char| word_part(c))));
    length + per.map_or(0, |per| per.len())
}
