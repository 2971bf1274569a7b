//! An expression as a tree, with the place of every part in the text.

use super::token::{Token, TokenKind, tokens};
use contract::nearest;

/// A part of an expression and where it begins, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) part: Part,
    pub(super) at: usize,
}

/// What a part is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Number(f64),
    Truth(bool),
    Column(String),
    Negative(Box<Node>),
    Not(Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

/// An operator between two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    Unequal,
    And,
    Or,
}

impl Binary {
    const ALL: [(Self, &'static str, u8); 12] = [
        (Self::Or, "or", 1),
        (Self::And, "and", 2),
        (Self::Less, "<", 4),
        (Self::LessEqual, "<=", 4),
        (Self::Greater, ">", 4),
        (Self::GreaterEqual, ">=", 4),
        (Self::Equal, "==", 4),
        (Self::Unequal, "!=", 4),
        (Self::Add, "+", 5),
        (Self::Subtract, "-", 5),
        (Self::Multiply, "*", 6),
        (Self::Divide, "/", 6),
    ];

    /// The operator of a word, and how tightly it binds.
    fn of(word: &str) -> Option<(Self, u8)> {
        Self::ALL.into_iter().find(|(_, text, _)| *text == word).map(|(op, _, binds)| (op, binds))
    }

    /// The word.
    pub(super) fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(op, ..)| *op == self).map_or("", |(_, text, _)| text)
    }
}

/// Between `and` and a comparison: `not a < b` is `not (a < b)`.
const NOT_BINDS: u8 = 3;
/// Comparisons do not chain: `a < b < c` would compare a truth with a number.
const COMPARES: u8 = 4;
/// Most levels of a tree: of brackets, calls and signs, and of operators in a chain. Engines walk a tree by recursion,
/// and what they put on the stack for a level is theirs to choose.
const DEEPEST: usize = 64;

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Sign,
    Sqrt,
    Ln,
    Exp,
    Min,
    Max,
    Clip,
    If,
    IsNull,
    Coalesce,
}

impl Function {
    /// Name, fewest and most arguments.
    const ALL: [(Self, &'static str, usize, usize); 11] = [
        (Self::Abs, "abs", 1, 1),
        (Self::Sign, "sign", 1, 1),
        (Self::Sqrt, "sqrt", 1, 1),
        (Self::Ln, "ln", 1, 1),
        (Self::Exp, "exp", 1, 1),
        (Self::Min, "min", 2, usize::MAX),
        (Self::Max, "max", 2, usize::MAX),
        (Self::Clip, "clip", 3, 3),
        (Self::If, "if", 3, 3),
        (Self::IsNull, "is_null", 1, 1),
        (Self::Coalesce, "coalesce", 2, usize::MAX),
    ];

    /// The name.
    pub(super) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(f, ..)| *f == self).map_or("", |(_, name, ..)| name)
    }
}

/// Why a text is no expression; places are bytes in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExprError {
    Syntax { at: usize, expected: String, found: String },
    UnknownFunction { at: usize, name: String, near: Vec<String> },
    Arguments { at: usize, name: &'static str, expected: String, found: usize },
    TooLong { at: usize, most: usize },
    TooDeep { at: usize, most: usize },
}

/// The tree of a text.
pub(super) fn parse(text: &str) -> Result<Node, ExprError> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let node = parser.part(0)?;
    match parser.peek() {
        Token { kind: TokenKind::End, .. } if node.levels() > DEEPEST => {
            Err(ExprError::TooDeep { at: node.at, most: DEEPEST })
        }
        Token { kind: TokenKind::End, .. } => Ok(node),
        token => Err(syntax(&token, "an operator or the end")),
    }
}

fn syntax(token: &Token<'_>, expected: &str) -> ExprError {
    let expected = expected.to_owned();
    ExprError::Syntax { at: token.at, expected, found: token.kind.shown() }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    next: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        let end = Token { kind: TokenKind::End, at: 0 };
        self.tokens.get(self.next).or(self.tokens.last()).cloned().unwrap_or(end)
    }

    fn take(&mut self) -> Token<'a> {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn sign(&mut self, sign: &'static str, expected: &str) -> Result<(), ExprError> {
        let token = self.take();
        if token.kind == TokenKind::Sign(sign) { Ok(()) } else { Err(syntax(&token, expected)) }
    }

    /// A part whose operators bind at least as tightly as `least`.
    fn part(&mut self, least: u8) -> Result<Node, ExprError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ExprError::TooDeep { at: self.peek().at, most: DEEPEST });
        }
        let mut left = self.single()?;
        loop {
            let token = self.peek();
            let (TokenKind::Sign(word) | TokenKind::Name(word)) = token.kind else { break };
            let Some((operator, binds)) = Binary::of(word) else { break };
            if binds < least {
                break;
            }
            self.next += 1;
            let right = self.part(binds + 1)?;
            if binds == COMPARES {
                let after = self.peek();
                if let TokenKind::Sign(word) = after.kind
                    && Binary::of(word).is_some_and(|(_, binds)| binds == COMPARES)
                {
                    return Err(syntax(&after, "`and` between two comparisons"));
                }
            }
            let at = left.at;
            left = Node { part: Part::Binary(operator, Box::new(left), Box::new(right)), at };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn single(&mut self) -> Result<Node, ExprError> {
        let token = self.take();
        let at = token.at;
        let part = match token.kind {
            TokenKind::Number(value, _) => Part::Number(value),
            TokenKind::Sign("(") => {
                let inner = self.part(0)?;
                self.sign(")", "`)`")?;
                return Ok(Node { part: inner.part, at });
            }
            // A sign binds tighter than any operator: `-a * b` is `(-a) * b`.
            TokenKind::Sign("-") => Part::Negative(Box::new(self.part(u8::MAX)?)),
            TokenKind::Name("not") => Part::Not(Box::new(self.part(NOT_BINDS)?)),
            TokenKind::Name("true") => Part::Truth(true),
            TokenKind::Name("false") => Part::Truth(false),
            TokenKind::Name(word) if Binary::of(word).is_none() => {
                if self.peek().kind == TokenKind::Sign("(") {
                    self.call(word, at)?
                } else {
                    Part::Column(word.to_owned())
                }
            }
            _ => return Err(syntax(&token, "a column, a number, a function or `(`")),
        };
        Ok(Node { part, at })
    }

    fn call(&mut self, name: &str, at: usize) -> Result<Part, ExprError> {
        let known = Function::ALL.into_iter().find(|(_, known, ..)| *known == name);
        let Some((function, name, fewest, most)) = known else {
            let near = nearest(name, Function::ALL.iter().map(|(_, known, ..)| *known));
            let near = near.into_iter().map(str::to_owned).collect();
            return Err(ExprError::UnknownFunction { at, name: name.to_owned(), near });
        };
        self.next += 1;
        let mut arguments = Vec::new();
        if self.peek().kind != TokenKind::Sign(")") {
            arguments.push(self.part(0)?);
            while self.peek().kind == TokenKind::Sign(",") {
                self.next += 1;
                arguments.push(self.part(0)?);
            }
        }
        self.sign(")", "`,` or `)`")?;
        if (fewest..=most).contains(&arguments.len()) {
            return Ok(Part::Call(function, arguments));
        }
        let expected =
            if fewest == most { fewest.to_string() } else { format!("{fewest} or more") };
        Err(ExprError::Arguments { at, name, expected, found: arguments.len() })
    }
}

impl Node {
    /// Levels of the tree, this one included.
    fn levels(&self) -> usize {
        1 + match &self.part {
            Part::Number(_) | Part::Truth(_) | Part::Column(_) => 0,
            Part::Negative(inner) | Part::Not(inner) => inner.levels(),
            Part::Binary(_, left, right) => left.levels().max(right.levels()),
            // Of many arguments a chain is made.
            Part::Call(_, arguments) => {
                arguments.iter().map(Self::levels).max().unwrap_or(0) + arguments.len() / 2
            }
        }
    }

    /// Calls `each` on this part and all below it, in the order of the text.
    pub(super) fn walk<'n>(&'n self, each: &mut impl FnMut(&'n Node)) {
        each(self);
        match &self.part {
            Part::Number(_) | Part::Truth(_) | Part::Column(_) => {}
            Part::Negative(inner) | Part::Not(inner) => inner.walk(each),
            Part::Binary(_, left, right) => {
                left.walk(each);
                right.walk(each);
            }
            Part::Call(_, arguments) => arguments.iter().for_each(|node| node.walk(each)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree with every bracket written out.
    fn shown(node: &Node) -> String {
        match &node.part {
            Part::Number(value) => value.to_string(),
            Part::Truth(value) => value.to_string(),
            Part::Column(name) => name.clone(),
            Part::Negative(inner) => format!("(-{})", shown(inner)),
            Part::Not(inner) => format!("(not {})", shown(inner)),
            Part::Binary(op, a, b) => format!("({} {} {})", shown(a), op.word(), shown(b)),
            Part::Call(f, arguments) => {
                let arguments: Vec<_> = arguments.iter().map(shown).collect();
                format!("{}({})", f.name(), arguments.join(", "))
            }
        }
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        for (text, expected) in [
            ("a - b - c", "((a - b) - c)"),
            ("a / b / c * d", "(((a / b) / c) * d)"),
            ("a + b * c", "(a + (b * c))"),
            ("(a + b) * c", "((a + b) * c)"),
            ("-a * b", "((-a) * b)"),
            ("a - -b", "(a - (-b))"),
            ("a < b and not c > d or e == f", "(((a < b) and (not (c > d))) or (e == f))"),
            ("a or b and c", "(a or (b and c))"),
            ("not a and b", "((not a) and b)"),
            ("a + 1 < b * 2", "((a + 1) < (b * 2))"),
            (
                "if(a > 0, min(a, b, 1e-3), -clip(c, 0, .5))",
                "if((a > 0), min(a, b, 0.001), (-clip(c, 0, 0.5)))",
            ),
            ("true", "true"),
        ] {
            assert_eq!(parse(text).map(|node| shown(&node)), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        let syntax = |at, expected: &str, found: &str| ExprError::Syntax {
            at,
            expected: expected.to_owned(),
            found: found.to_owned(),
        };
        let operand = "a column, a number, a function or `(`";
        for (text, expected) in [
            ("", syntax(0, operand, "the end")),
            ("a +", syntax(3, operand, "the end")),
            ("a b", syntax(2, "an operator or the end", "`b`")),
            ("(a", syntax(2, "`)`", "the end")),
            ("a < b < c", syntax(6, "`and` between two comparisons", "`<`")),
            ("a + 1m", syntax(4, "a finite number such as `0.5` or `1e-9`", "`1m`")),
            ("1e999", syntax(0, "a finite number such as `0.5` or `1e-9`", "`1e999`")),
            ("a ? b", syntax(2, "a column, a number, an operator or a bracket", "`?`")),
            ("é", syntax(0, "a column, a number, an operator or a bracket", "`é`")),
            ("and", syntax(0, operand, "`and`")),
            ("min(a", syntax(5, "`,` or `)`", "the end")),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
        let near = vec!["clip".to_owned()];
        let unknown = ExprError::UnknownFunction { at: 2, name: "clipp".to_owned(), near };
        assert_eq!(parse("1+clipp(a)"), Err(unknown));
        let expected = "2 or more".to_owned();
        assert_eq!(
            parse("min(a)"),
            Err(ExprError::Arguments { at: 0, name: "min", expected, found: 1 })
        );
    }

    #[test]
    fn no_text_is_so_deep_or_long_that_it_exhausts_the_stack() {
        let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(matches!(parse(&deep), Err(ExprError::TooLong { .. })));
        let deep = format!("{}a{}", "(".repeat(100), ")".repeat(100));
        assert_eq!(parse(&deep), Err(ExprError::TooDeep { at: 64, most: 64 }));
        let chain = vec!["a"; 64].join(" + ");
        assert_eq!(parse(&chain).map(|node| node.levels()), Ok(64));
        assert_eq!(parse(&vec!["a"; 65].join(" + ")), Err(ExprError::TooDeep { at: 0, most: 64 }));
        let many = format!("min({})", vec!["a"; 400].join(", "));
        assert_eq!(parse(&many), Err(ExprError::TooDeep { at: 0, most: 64 }));
    }
}
