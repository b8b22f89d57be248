//! The work of reading, counted in tokens and not by the clock.

use super::super::super::source::SourceId;
use super::super::lexer::Lexer;
use super::super::token::Kind;
use super::Parser;
use super::module::Rules;

/// Tokens in a text, and tokens read while parsing it.
fn work(text: &str) -> (u64, u64) {
    let lexer = Lexer::new(text);
    let (mut tokens, mut at) = (0, lexer.first());
    loop {
        let token = lexer.token(at);
        tokens += 1;
        if token.kind == Kind::Eof {
            break;
        }
        at = token.end;
    }
    let mut parser = Parser::new(SourceId(0), text);
    parser.statements(Rules::Allowed);
    (tokens, parser.steps)
}

/// The most often a token may be read, whatever the text: a statement is read as a rule and then as a query, a
/// body after `if` as an expression and then as a body, a comprehension as such and then as a list.
const MAX_READS: u64 = 8;

#[test]
fn every_token_is_read_a_few_times_however_deep_it_stands() {
    for (open, inner, close) in [
        ("[", "1", "]"),
        ("{", "1", "}"),
        ("{\"a\":", "1", "}"),
        ("{1, ", "1", "}"),
        ("(1, ", "1", ")"),
        ("(1, ", "1", ") in x"),
        ("f(1, ", "1", ")"),
        ("a.b[1][", "1", "]"),
        ("[x | ", "x", "]"),
        ("{x | y, ", "x", "}"),
        ("{x | {y}, ", "x", "}"),
        ("{a | ", "x", ", c}"),
        ("{a | b; ", "x", ", c}"),
        ("[a | ", "x", ", c]"),
        ("[a | 1 + ", "x", ", c]"),
        ("{", "x", " | d, e}"),
        ("[", "x", " | d, e]"),
        ("{1: ", "x", " | d, 3: e}"),
        ("{1: v | ", "x", ", 3: e}"),
        ("{k: 1 + ", "x", " | d}"),
        ("{x | every y in z { ", "x", "}}"),
        ("{x | some y in ", "x", "}"),
        ("{x | some y, ", "x", "}"),
        ("{x | not ", "x", ", c}"),
        ("{x | x with input as ", "x", ", c}"),
        ("$\"{", "1", "}\""),
        ("{$\"{", "1", "}\" | a, b}"),
    ] {
        for depth in [10, 60, 120] {
            let nested = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
            let unclosed = format!("{}{inner}", open.repeat(depth));
            for text in [
                format!("package t\np := {nested}"),
                format!("package t\np if {{ {nested} }}"),
                format!("package t\np if {{ x := {nested}; y }}"),
                format!("package t\np if {nested}"),
                format!("package t\np := {unclosed}"),
                format!("package t\np if {{ {unclosed}"),
            ] {
                let (tokens, steps) = work(&text);
                assert!(steps <= MAX_READS * tokens + 10, "{steps} steps for {tokens} tokens: {text:.80}");
            }
        }
    }
}

#[test]
fn long_texts_take_work_in_proportion() {
    let sets = (0..2000)
        .map(|n| format!("p{n} contains x if {{\n\tsome x in {{a | b, {n}}}\n\tx > [y | y := {n}]\n}}\n"));
    let text = format!("package t\n{}", sets.collect::<Vec<_>>().concat());
    let (tokens, steps) = work(&text);
    assert!(steps <= MAX_READS * tokens, "{steps} steps for {tokens} tokens");
}
