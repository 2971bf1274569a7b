//! Decimal text against Python's `decimal`: 1,000 vectors of `fixtures/contract/vectors.py`.

use contract::{Amount, DecimalError, Price};

const VECTORS: &str = include_str!("../../../../fixtures/contract/decimal.tsv");

fn found<T>(parsed: Result<T, DecimalError>, nanos: impl Fn(T) -> String) -> String {
    match parsed {
        Ok(value) => nanos(value),
        Err(DecimalError::Syntax(_)) => "syntax".to_owned(),
        Err(DecimalError::Precision(_)) => "precision".to_owned(),
        Err(DecimalError::Range { .. }) => "range".to_owned(),
        Err(other) => other.to_string(),
    }
}

#[test]
fn prices_and_amounts_are_exactly_those_of_python_or_refused_for_the_same_reason() {
    let mut seen = 0;
    for line in VECTORS.lines() {
        let [text, price, amount] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("`{line}`")
        };
        assert_eq!(found(Price::parse(text), |p| p.nanos().to_string()), price, "price `{text}`");
        assert_eq!(
            found(Amount::parse(text), |a| a.nanos().to_string()),
            amount,
            "amount `{text}`"
        );
        seen += 1;
    }
    assert_eq!(seen, 1000);
}

#[test]
fn what_was_parsed_is_written_as_text_that_parses_to_the_same_value() {
    for line in VECTORS.lines() {
        let text = line.split('\t').next().unwrap();
        if let Ok(price) = Price::parse(text) {
            assert_eq!(Price::parse(&price.to_string()), Ok(price), "`{text}`");
        }
        if let Ok(amount) = Amount::parse(text) {
            assert_eq!(Amount::parse(&amount.to_string()), Ok(amount), "`{text}`");
        }
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused_and_shown_safely() {
    assert_eq!(
        Price::parse_bytes(b"1.\xff").unwrap_err().to_string(),
        "expected decimal digits, found `1.\\xff`"
    );
}
