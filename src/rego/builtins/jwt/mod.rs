//! `io.jwt.*`: JSON Web Tokens (RFC 7515, 7519) in compact form.

mod keys;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use self::keys::{Algorithm, Key, public_keys};
use super::documents::draw_for;
use super::encoding::{base64url_bytes, base64url_text};
use super::operand::{Answer, answer, any, failed, object, string};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::json::{self, Html};
use crate::rego::value::{Number, Object, ReadLimits, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("io.jwt.decode", decode),
    Builtin::new("io.jwt.decode_verify", decode_verify),
    Builtin::new("io.jwt.encode_sign", |context, args| {
        args.iter().try_for_each(|it| draw_for(context, it))?;
        let text = |position| json::to_string(any(args, position), Html::Escaped);
        encode_sign(context, &text(1), &text(2), &text(3))
    }),
    Builtin::new("io.jwt.encode_sign_raw", |context, args| {
        let key = string(args, 3)?;
        encode_sign(context, string(args, 1)?, string(args, 2)?, key)
    }),
    Builtin::new("io.jwt.verify_eddsa", |context, args| verify(context, args, "EdDSA")),
    Builtin::new("io.jwt.verify_es256", |context, args| verify(context, args, "ES256")),
    Builtin::new("io.jwt.verify_es384", |context, args| verify(context, args, "ES384")),
    Builtin::new("io.jwt.verify_es512", |context, args| verify(context, args, "ES512")),
    Builtin::new("io.jwt.verify_hs256", |context, args| verify_secret(context, args, "HS256")),
    Builtin::new("io.jwt.verify_hs384", |context, args| verify_secret(context, args, "HS384")),
    Builtin::new("io.jwt.verify_hs512", |context, args| verify_secret(context, args, "HS512")),
    Builtin::new("io.jwt.verify_ps256", |context, args| verify(context, args, "PS256")),
    Builtin::new("io.jwt.verify_ps384", |context, args| verify(context, args, "PS384")),
    Builtin::new("io.jwt.verify_ps512", |context, args| verify(context, args, "PS512")),
    Builtin::new("io.jwt.verify_rs256", |context, args| verify(context, args, "RS256")),
    Builtin::new("io.jwt.verify_rs384", |context, args| verify(context, args, "RS384")),
    Builtin::new("io.jwt.verify_rs512", |context, args| verify(context, args, "RS512")),
];

/// Tokens within tokens that are followed.
const MAX_NESTING: usize = 16;

/// Steps that a verification costs: some hundred microseconds.
const VERIFICATION_STEPS: u64 = 10_000;

/// The three parts of a token, still encoded.
struct Token<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Token<'a> {
    fn of(text: &'a str) -> Result<Self, BuiltinError> {
        if !text.contains('.') {
            return failed("encoded JWT had no period separators");
        }
        match text.split('.').collect::<Vec<_>>().as_slice() {
            [header, payload, signature] => Ok(Self { header, payload, signature }),
            parts => failed(format!("encoded JWT must have 3 sections, found {}", parts.len())),
        }
    }

    fn header(&self, context: &mut Context<'_>) -> Result<Object, BuiltinError> {
        let text = base64url_text(self.header).or_else(within("JWT header had invalid encoding: "))?;
        let header = json_object(context, &text).or_else(within("bad JWT header: "))?;
        if header.get_str("enc").is_some() {
            return failed("JWT is a JWE object, which is not supported");
        }
        Ok(header)
    }

    fn payload(&self) -> Result<String, BuiltinError> {
        base64url_text(self.payload).or_else(within("JWT payload had invalid encoding: "))
    }

    /// What was signed.
    fn message(&self) -> String {
        format!("{}.{}", self.header, self.payload)
    }
}

/// The same error with words in front.
fn within<T>(words: &'static str) -> impl Fn(BuiltinError) -> Result<T, BuiltinError> {
    move |error| match error {
        BuiltinError::Failed(message) => failed(format!("{words}{message}")),
        other => Err(other),
    }
}

fn json_object(context: &mut Context<'_>, text: &str) -> Result<Object, BuiltinError> {
    let limits = ReadLimits { max_heap_bytes: context.budget.bytes_left(), ..ReadLimits::default() };
    let (value, heap) = json::read_counted(text.as_bytes(), &limits)
        .or_else(|error| failed(format!("invalid JSON: {}", super::documents::json_message(&error))))?;
    context.budget.bytes(heap)?;
    match value {
        Value::Object(object) => Ok(object),
        _ => failed("decoded JSON type was not an Object"),
    }
}

/// Header, payload and signature, unverified.
fn decode(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let mut text = string(args, 1)?.to_string();
    for _ in 0..MAX_NESTING {
        context.budget.bytes(4 * text.len() as u64)?;
        let token = Token::of(&text)?;
        let header = token.header(context)?;
        let payload = token.payload()?;
        if header.get_str("cty").and_then(Value::as_str) == Some("JWT") {
            payload.trim_matches(['"', '\'']).clone_into(&mut text);
            continue;
        }
        let payload = json_object(context, &payload)?;
        let signature =
            base64url_bytes(token.signature).or_else(within("JWT signature had invalid encoding: "))?;
        return answer(vec![header.into(), payload.into(), hex::encode(signature).into()]);
    }
    failed("JWT nests too deeply")
}

fn verify_secret(context: &mut Context<'_>, args: &[Value], algorithm: &str) -> Answer {
    let (text, secret) = (string(args, 1)?, string(args, 2)?);
    context.budget.bytes(2 * text.len() as u64)?;
    let token = Token::of(text)?;
    let signature = base64url_bytes(token.signature)?;
    let Some(algorithm) = Algorithm::of(algorithm) else { return answer(false) };
    answer(Key::secret(secret).verifies(algorithm, token.message().as_bytes(), &signature))
}

fn verify(context: &mut Context<'_>, args: &[Value], algorithm: &str) -> Answer {
    let text = string(args, 1)?;
    context.budget.bytes(2 * text.len() as u64)?;
    let token = Token::of(text)?;
    let keys = string(args, 2)?;
    context.budget.bytes(8 * keys.len() as u64)?;
    context.budget.steps(keys.len() as u64 / 8)?;
    let keys = public_keys(keys)?;
    let signature = base64url_bytes(token.signature)?;
    let header = Header::of(&token.header(context)?)?;
    let message = token.message();
    answer(verified(context, &keys, &header, algorithm, &message, &signature)?)
}

/// Whether the key of the header's name, or any key that may be it, verifies the message.
fn verified(
    context: &mut Context<'_>,
    keys: &[Key],
    header: &Header,
    algorithm: &str,
    message: &str,
    signature: &[u8],
) -> Result<bool, BuiltinError> {
    let Some(with) = Algorithm::of(algorithm) else { return Ok(false) };
    let named = header.id.as_ref().and_then(|id| keys.iter().find(|key| key.id.as_ref() == Some(id)));
    if let Some(key) = named {
        context.budget.steps(VERIFICATION_STEPS)?;
        return Ok(key.verifies(with, message.as_bytes(), signature));
    }
    for key in keys {
        if key.algorithm.is_some() && key.algorithm != header.algorithm {
            continue;
        }
        context.budget.steps(VERIFICATION_STEPS)?;
        if key.verifies(with, message.as_bytes(), signature) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a header says.
struct Header {
    algorithm: Option<String>,
    id: Option<String>,
    content: Option<String>,
    /// A parameter that must be understood and is not.
    beyond_us: bool,
}

impl Header {
    fn of(header: &Object) -> Result<Self, BuiltinError> {
        let text = |name: &str| match header.get_str(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.to_string()).filter(|it| !it.is_empty())),
            Some(_) => failed(format!("{name}: must be a string")),
        };
        text("typ")?;
        let beyond_us = match header.get_str("crit") {
            None => false,
            Some(Value::Array(names)) if names.iter().any(|it| it.as_str().is_some()) => {
                names.iter().any(|name| {
                    let known = matches!(name.as_str(), None | Some("alg" | "kid" | "typ" | "cty" | "crit"));
                    !known && header.contains_key(name)
                })
            }
            Some(Value::Array(_)) => return failed("crit: must be a nonempty list"),
            Some(_) => return failed("crit: must be a list"),
        };
        Ok(Self { algorithm: text("alg")?, id: text("kid")?, content: text("cty")?, beyond_us })
    }
}

/// What a caller wants of a token.
#[derive(Default)]
struct Constraints {
    keys: Option<Vec<Key>>,
    secret: Option<Key>,
    algorithm: String,
    issuer: String,
    audience: String,
    /// Nanoseconds since 1970.
    time: Option<f64>,
}

impl Constraints {
    fn of(constraints: &Object) -> Result<Self, BuiltinError> {
        let mut parsed = Self::default();
        for (name, value) in constraints {
            let name = name.as_str().unwrap_or_default();
            let text = || match value {
                Value::String(text) => Ok(text.to_string()),
                _ => failed(format!("{name} constraint: must be a string")),
            };
            match name {
                "cert" => parsed.keys = Some(public_keys(&text()?)?),
                "secret" => {
                    let secret = text()?;
                    parsed.secret = (!secret.is_empty()).then(|| Key::secret(&secret));
                }
                "alg" => parsed.algorithm = text()?,
                "iss" => parsed.issuer = text()?,
                "aud" => parsed.audience = text()?,
                "time" => parsed.time = Some(time(value)?),
                other => return failed(format!("unknown token validation constraint: {other}")),
            }
        }
        match (&parsed.keys, &parsed.secret) {
            (Some(_), Some(_)) => failed("duplicate key constraints"),
            (None, None) => failed("no key constraint"),
            _ => Ok(parsed),
        }
    }

    fn accepts_audience(&self, audience: &Value) -> bool {
        match audience {
            Value::String(text) => **text == *self.audience,
            Value::Array(texts) => texts.iter().any(|it| it.as_str() == Some(&self.audience)),
            _ => false,
        }
    }

    /// Whether issuer, audience and times are as wanted.
    fn accept(&self, payload: &Object, now_ns: f64) -> Result<bool, BuiltinError> {
        if !self.issuer.is_empty() && payload.get_str("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Ok(false);
        }
        match payload.get_str("aud") {
            Some(audience) if !self.accepts_audience(audience) => return Ok(false),
            None if !self.audience.is_empty() => return Ok(false),
            _ => {}
        }
        let now = Number::from_f64(self.time.unwrap_or(now_ns) / 1e9).unwrap_or_else(|| 0.into());
        let claim = |name: &str| match payload.get_str(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(_) => failed(format!("{name} value must be a number")),
        };
        if claim("exp")?.is_some_and(|expires| now >= *expires) {
            return Ok(false);
        }
        Ok(claim("nbf")?.is_none_or(|not_before| now >= *not_before))
    }
}

fn time(value: &Value) -> Result<f64, BuiltinError> {
    let Value::Number(number) = value else { return failed("token time constraint: must be a number") };
    let time = number.as_f64();
    if time.is_infinite() {
        return failed("token time constraint: unvalid float64");
    }
    if time < 0.0 { failed("token time constraint: must not be negative") } else { Ok(time) }
}

/// Whether the token is good, with its header and payload if so.
fn decode_verify(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let constraints = Constraints::of(object(args, 2)?)?;
    let unverified = || answer(vec![false.into(), Object::new().into(), Object::new().into()]);
    let mut text = string(args, 1)?.to_string();
    for _ in 0..MAX_NESTING {
        context.budget.bytes(4 * text.len() as u64)?;
        let token = Token::of(&text)?;
        let decoded = token.header(context)?;
        let header = Header::of(&decoded)?;
        let Some(algorithm) = header.algorithm.clone().filter(|_| !header.beyond_us) else {
            return unverified();
        };
        if !constraints.algorithm.is_empty() && constraints.algorithm != algorithm {
            return unverified();
        }
        let signature = base64url_bytes(token.signature)?;
        let keys = constraints.keys.as_deref().or(constraints.secret.as_ref().map(std::slice::from_ref));
        let message = token.message();
        if !verified(context, keys.unwrap_or_default(), &header, &algorithm, &message, &signature)? {
            return unverified();
        }
        let payload = token.payload()?;
        if header.content.is_some_and(|it| it.eq_ignore_ascii_case("JWT")) {
            text = payload;
            continue;
        }
        let payload = json_object(context, &payload)?;
        #[expect(clippy::cast_precision_loss, reason = "OPA compares times as floats")]
        let now = context.now_ns as f64;
        if !constraints.accept(&payload, now)? {
            return unverified();
        }
        return answer(vec![true.into(), decoded.into(), payload.into()]);
    }
    failed("JWT nests too deeply")
}

fn encode_sign(context: &mut Context<'_>, header: &str, payload: &str, key: &str) -> Answer {
    context.budget.bytes(4 * (header.len() + payload.len()) as u64)?;
    context.budget.steps(VERIFICATION_STEPS + key.len() as u64 / 8)?;
    let keys = keys::json_keys(key)?;
    let Some(key) = keys.first() else { return failed("no keys found in JWK set") };
    let limits = ReadLimits::default();
    let parsed = parsed_header(header, &limits)?;
    let Some(name) = parsed.get_str("alg").and_then(Value::as_str) else {
        return failed("missing or invalid 'alg' header: jwsbb: header \"alg\" not found");
    };
    let Some(algorithm) = Algorithm::of(name) else {
        return failed(format!("unknown JWS algorithm: {name}"));
    };
    let of_json = parsed.get_str("typ").and_then(Value::as_str).is_none_or(|it| it == "JWT");
    if of_json && json::read(payload.as_bytes(), &limits).is_err() {
        return failed("type is JWT but payload is not JSON");
    }
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = keys::sign(key, algorithm, message.as_bytes())?;
    answer(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The header as JSON. OPA's reader of it takes anything made of a number's characters for a number.
fn parsed_header(header: &str, limits: &ReadLimits) -> Result<Value, BuiltinError> {
    const WRONG: &str = "missing or invalid 'alg' header: cannot parse JSON";
    if header.is_empty() {
        return failed(format!("{WRONG}: cannot parse empty string"));
    }
    if header.bytes().all(|it| it.is_ascii_digit() || b"+-.eE".contains(&it)) {
        return Ok(Value::from(0_i64));
    }
    json::read(header.as_bytes(), limits).or_else(|error| failed(format!("{WRONG}: {}", error.kind)))
}
