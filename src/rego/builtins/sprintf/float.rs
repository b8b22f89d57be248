//! Floats by the verbs of Go's `strconv.FormatFloat`.

use super::Spec;

/// The float as the verb says; nothing where it has no such verb.
pub(super) fn float(value: f64, verb: char, spec: &Spec) -> Option<String> {
    let size = value.abs();
    let precision = match verb {
        'e' | 'E' | 'f' | 'F' => Some(spec.precision.unwrap_or(6)),
        _ => spec.precision,
    };
    let mut text = match verb {
        'e' | 'E' => Decimal::of(size, precision.map(|it| it + 1)).scientific(precision.unwrap_or(0)),
        'f' | 'F' => format!("{size:.*}", precision.unwrap_or(0)),
        'v' | 'g' | 'G' => general(size, precision),
        'b' => return Some(padded(value, &binary(size), spec)),
        'x' | 'X' => hexadecimal(size, precision),
        _ => return None,
    };
    if spec.sharp {
        text = with_point(&text, verb, precision);
    }
    if verb.is_ascii_uppercase() && verb != 'F' {
        text = text.to_uppercase();
    }
    Some(padded(value, &text, spec))
}

/// The sign stands before the zeros that fill up.
fn padded(value: f64, text: &str, spec: &Spec) -> String {
    let sign = spec.sign(value.is_sign_negative());
    let length = sign.len() + text.len();
    match spec.width {
        Some(width) if spec.zero && !spec.minus && width > length => {
            format!("{sign}{}{text}", "0".repeat(width - length))
        }
        _ => spec.padded(format!("{sign}{text}")),
    }
}

/// `0.d1d2d3 * 10^point`, without zeros at the end.
struct Decimal {
    digits: String,
    point: i32,
}

impl Decimal {
    /// As many digits as asked for, or as few as are needed to read the float back.
    fn of(size: f64, count: Option<usize>) -> Self {
        let text = match count {
            Some(count) => format!("{size:.*e}", count.saturating_sub(1)),
            None => format!("{size:e}"),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = mantissa.replace('.', "");
        let digits = digits.trim_end_matches('0').to_owned();
        let point = if digits.is_empty() { 0 } else { exponent.parse().unwrap_or(0) + 1 };
        Self { digits, point }
    }

    /// `d.ddde+xx` with so many digits behind the point.
    fn scientific(&self, places: usize) -> String {
        let mut digits = self.digits.clone();
        while digits.len() <= places {
            digits.push('0');
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        let point = if places > 0 { "." } else { "" };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}{point}{}e{sign}{:02}", &digits[..1], &digits[1..=places], exponent.abs())
    }
}

fn general(size: f64, precision: Option<usize>) -> String {
    let precision = precision.map(|it| it.max(1));
    let decimal = Decimal::of(size, precision);
    let count = decimal.digits.len();
    let signed = |it: usize| i32::try_from(it).unwrap_or(i32::MAX);
    let threshold = match precision {
        None => 6,
        Some(precision) if precision > count && signed(count) >= decimal.point => signed(count),
        Some(precision) => signed(precision),
    };
    let exponent = decimal.point - 1;
    if !decimal.digits.is_empty() && (exponent < -4 || exponent >= threshold) {
        return decimal.scientific(count.saturating_sub(1));
    }
    let places = (signed(count) - decimal.point).max(0);
    let rounded = match precision {
        None => size,
        // Rounded once: the digits are exact now.
        Some(_) => format!("0.{}e{}", decimal.digits, decimal.point).parse().unwrap_or(size),
    };
    format!("{rounded:.*}", usize::try_from(places).unwrap_or(0))
}

/// `4503599627370496p-52`: the mantissa and the power of 2.
fn binary(size: f64) -> String {
    let (mantissa, exponent) = parts(size);
    format!("{mantissa}p{exponent:+}")
}

/// The mantissa as an integer and its power of 2.
fn parts(size: f64) -> (u64, i32) {
    let bits = size.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

/// `0x1.8p+01`, rounded to so many hexadecimal digits.
fn hexadecimal(size: f64, precision: Option<usize>) -> String {
    let (mut mantissa, exponent) = parts(size);
    if mantissa == 0 {
        let places = precision.filter(|it| *it > 0).map(|it| format!(".{}", "0".repeat(it)));
        return format!("0x0{}p+00", places.unwrap_or_default());
    }
    let mut exponent = exponent + 52;
    while mantissa < 1 << 52 {
        mantissa <<= 1;
        exponent -= 1;
    }
    if let Some(cut) = precision.and_then(|places| 52_usize.checked_sub(4 * places)).filter(|cut| *cut > 0) {
        let (half, rest) = (1 << (cut - 1), mantissa & ((1 << cut) - 1));
        mantissa >>= cut;
        mantissa += u64::from(rest > half || rest == half && mantissa & 1 == 1);
        mantissa <<= cut;
        if mantissa >= 1 << 53 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(places) => format!("{digits:0<places$}")[..places].to_owned(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x1{point}{digits}p{sign}{:02}", exponent.abs())
}

/// `#`: always a point, and for `g` the zeros at the end.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let mark = if matches!(verb, 'x' | 'X') { 'p' } else { 'e' };
    let (mantissa, tail) = text.find(mark).map_or((text, ""), |at| text.split_at(at));
    // Go takes the `x` of a hexadecimal float for a digit.
    let significant = mantissa.trim_start_matches(['0', '.']);
    let mut digits = significant.bytes().filter(|it| *it != b'.').count();
    let mut mantissa = mantissa.to_owned();
    if !mantissa.contains('.') {
        digits += usize::from(mantissa == "0");
        mantissa.push('.');
    }
    if matches!(verb, 'v' | 'g' | 'G' | 'x') {
        mantissa += &"0".repeat(precision.unwrap_or(6).saturating_sub(digits));
    }
    mantissa + tail
}
