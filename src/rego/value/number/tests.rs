use super::*;

fn number(text: &str) -> Number {
    Number::from_text(text).unwrap()
}

#[test]
fn numbers_compare_by_value_whatever_their_spelling() {
    for (a, b) in [("1", "1.0"), ("1e3", "1000"), ("0", "-0.0"), ("100e-2", "1"), ("0.001", "1e-3")] {
        assert_eq!(number(a), number(b), "{a} {b}");
    }
    for (a, b) in [("1", "1.5"), ("-2", "-1"), ("-1e400", "1"), ("1e400", "1e401"), ("0", "1e-400")] {
        assert!(number(a) < number(b), "{a} {b}");
    }
}

#[test]
fn integers_are_recognised_in_every_spelling() {
    assert_eq!(number("1e3").as_i64(), Some(1000));
    assert_eq!(number("-9223372036854775808.0").as_i64(), Some(i64::MIN));
    assert_eq!(number("9223372036854775808").as_i64(), None);
    assert_eq!(number("1.5").as_i64(), None);
    assert_eq!(number("1e999999999999999999999").as_i64(), None);
}

/// Operands and answers of Go's `big.Float`: sum, difference, product, quotient, round, ceil, floor of the first.
const ANSWERS: &str = "
0.1 0.2 0.3 -0.1 0.020000000000000000001 0.5 0 1 0
1 3 4 -2 3 0.33333333333333333334 1 1 1
12345678901234567890123 1 12345678901234567890000 12345678901234567890000 12345678901234567890000 12345678901234567890000 12345678901234567889920 12345678901234567889920 12345678901234567889920
1463151113183.15252 -0.5 1.46315111318265252e+12 1.46315111318365252e+12 -7.3157555659157626e+11 -2.92630222636630504e+12 1463151113183 1463151113184 1463151113183
177637324782529193789074e-33 285695555546938e-15 0.28569555572457532478 -0.28569555536930067523 5.0750194189616535464e-11 6.2177139732698602635e-10 0 1 0
-2.5 -0.0 -2.5 -2.5 0 - -3 -2 -3
";

fn answers(table: &str) {
    for line in table.lines().filter(|it| !it.is_empty()) {
        let fields: Vec<_> = line.split(' ').collect();
        let (a, b) = (number(fields[0]), number(fields[1]));
        let results = [a.add(&b), a.sub(&b), a.mul(&b), a.div(&b), a.round(), a.ceil(), a.floor()];
        let texts: Vec<_> =
            results.iter().map(|it| it.as_ref().map_or("-".to_owned(), ToString::to_string)).collect();
        assert_eq!(texts, fields[2..], "{line}");
    }
}

#[test]
fn arithmetic_has_the_answers_of_go() {
    answers(ANSWERS);
}

#[test]
fn huge_exponents_are_refused_in_no_time() {
    let huge = number("1e999999999");
    let one = number("1");
    assert_eq!(huge.add(&one), Err(NumberError::TooLarge));
    assert_eq!(number("1e-999999999").add(&one).unwrap().to_string(), "1");
    assert_eq!(number("1e-9999").mul(&one), Err(NumberError::TooLarge));
    assert_eq!(huge.round(), Err(NumberError::TooLarge));
    assert_eq!(number("1e99999999999999999999").floor(), Err(NumberError::TooLarge));
    assert!(huge > one && number("-1e999999999") < one);
    assert_eq!(number("1e4000").mul(&one).unwrap().to_string().len(), 4001);
}

#[test]
fn remainders_are_of_integers_only() {
    assert_eq!(number("-7").rem(&number("3")).unwrap().to_string(), "-1");
    assert_eq!(number("1e19").rem(&number("7")).unwrap().to_string(), "3");
    assert_eq!(number("5.5").rem(&number("2")), Err(NumberError::ModuloOnFloat));
    assert_eq!(number("5").rem(&number("0")), Err(NumberError::ModuloByZero));
}
