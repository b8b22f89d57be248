//! `providers.aws.sign_req`: requests to AWS signed with Signature Version 4, as AWS describes it in "Signature Version 4
//! for API requests".

use std::collections::BTreeMap;

use aws_lc_rs::{digest, hmac};

use super::operand::{self, Answer, answer, failed, number, object};
use super::time::utc_stamp;
use super::uri::{Uri, escaped_path};
use super::{Builtin, BuiltinError, Context};
use crate::rego::value::json::{self, Html};
use crate::rego::value::{Object, Set, Value};

pub(super) const BUILTINS: &[Builtin] = &[Builtin::new("providers.aws.sign_req", sign_request)];

/// The scheme of the signature, in its own words.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Ends the scope of a key.
const SCOPE_END: &str = "aws4_request";

/// Services whose requests carry the hash of their body in a header.
const HASHED_BODY: [&str; 2] = ["s3", "glacier"];

/// Stands for the hash of a body that is not signed.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Headers that proxies may change, so that they are not signed.
const NOT_SIGNED: [&str; 3] = ["authorization", "user-agent", "x-amzn-trace-id"];

const REQUIRED_OF_CONFIG: [&str; 4] =
    ["aws_access_key", "aws_region", "aws_secret_access_key", "aws_service"];
const REQUIRED_OF_REQUEST: [&str; 2] = ["method", "url"];

/// What a request may have besides: the fields of `http.send`.
const ALLOWED_OF_REQUEST: [&str; 26] = [
    "body",
    "cache",
    "cache_ignored_headers",
    "caching_mode",
    "enable_redirect",
    "force_cache",
    "force_cache_duration_seconds",
    "force_json_decode",
    "force_yaml_decode",
    "headers",
    "max_retry_attempts",
    "raise_error",
    "raw_body",
    "timeout",
    "tls_ca_cert",
    "tls_ca_cert_env_variable",
    "tls_ca_cert_file",
    "tls_client_cert",
    "tls_client_cert_env_variable",
    "tls_client_cert_file",
    "tls_client_key",
    "tls_client_key_env_variable",
    "tls_client_key_file",
    "tls_insecure_skip_verify",
    "tls_server_name",
    "tls_use_system_certs",
];

/// Who signs, for what.
struct Signer<'a> {
    access_key: &'a str,
    secret_key: &'a str,
    session_token: Option<&'a str>,
    region: &'a str,
    service: &'a str,
    body: Body,
}

/// Whether the body is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Signed,
    Unsigned,
}

fn sign_request(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (request, config) = (object(args, 1)?, object(args, 2)?);
    let signer = Signer::of(config)?;
    let Some(time_ns) = number(args, 3)?.as_plain_i64() else {
        return Err(operand::error(3, "could not convert time_ns value into a unix timestamp"));
    };
    let fields: Vec<&str> = [&REQUIRED_OF_REQUEST[..], &ALLOWED_OF_REQUEST].concat();
    let unknown: Set =
        request.keys().filter(|it| it.as_str().is_none_or(|it| !fields.contains(&it))).cloned().collect();
    if !unknown.is_empty() {
        return Err(operand::error(1, &format!("invalid request parameters(s): {unknown}")));
    }
    let [method, url] = texts(request, 1, "request", REQUIRED_OF_REQUEST)?;
    let Some(uri) = Uri::of(url) else { return failed(format!("parse {url:?}: invalid URL")) };
    let body = body(context, request)?;
    let headers = headers(request)?;
    let length: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    context.budget.bytes(4 * (length + url.len()) as u64)?;
    let stamp = utc_stamp(time_ns);
    let headers = signer.headers(&Request { method, uri, headers, body: &body }, &stamp);
    answer(request.clone().with("headers".into(), headers.into()))
}

/// The strings of an object that must be there. `what` is OPA's name for the object.
fn texts<'a, const N: usize>(
    from: &'a Object,
    position: usize,
    what: &str,
    names: [&str; N],
) -> Result<[&'a str; N], BuiltinError> {
    let set = |names: Vec<&str>| names.into_iter().map(Value::from).collect::<Set>();
    let missing: Vec<&str> = names.into_iter().filter(|it| from.get_str(it).is_none()).collect();
    if !missing.is_empty() {
        let message = format!("missing required {what} parameters(s): {}", set(missing));
        return Err(operand::error(position, &message));
    }
    let text = |name: &str| from.get_str(name).and_then(Value::as_str);
    let wrong: Vec<&str> = names.into_iter().filter(|it| text(it).is_none()).collect();
    if !wrong.is_empty() {
        let message = format!("invalid values for required {what} parameters(s): {}", set(wrong));
        return Err(operand::error(position, &message));
    }
    Ok(names.map(|it| text(it).unwrap_or_default()))
}

/// The bytes that are sent: `raw_body` as it is, else `body` as JSON.
fn body(context: &mut Context<'_>, request: &Object) -> Result<Vec<u8>, BuiltinError> {
    let bytes = match (request.get_str("raw_body"), request.get_str("body")) {
        (Some(raw), _) => raw.as_str().unwrap_or_default().as_bytes().to_vec(),
        (None, Some(body)) => {
            super::documents::draw_for(context, body)?;
            json::to_string(body, Html::Escaped).into_bytes()
        }
        (None, None) => Vec::new(),
    };
    context.budget.bytes(bytes.len() as u64)?;
    Ok(bytes)
}

/// Headers by their names in lower case, several values of one joined.
fn headers(request: &Object) -> Result<BTreeMap<String, String>, BuiltinError> {
    let wrong = || operand::error(1, "must have an object of strings for 'headers'");
    let mut headers = BTreeMap::new();
    let given = match request.get_str("headers") {
        None => return Ok(headers),
        Some(given) => given.as_object().ok_or_else(wrong)?,
    };
    for (name, value) in given {
        let text = match value {
            Value::String(text) => text.to_string(),
            Value::Array(several) => {
                several.iter().map(Value::as_str).collect::<Option<Vec<_>>>().ok_or_else(wrong)?.join(",")
            }
            _ => return Err(wrong()),
        };
        headers.insert(name.as_str().ok_or_else(wrong)?.to_lowercase(), text);
    }
    Ok(headers)
}

/// What is signed.
struct Request<'a> {
    method: &'a str,
    uri: Uri<'a>,
    headers: BTreeMap<String, String>,
    body: &'a [u8],
}

impl<'a> Signer<'a> {
    fn of(config: &'a Object) -> Result<Self, BuiltinError> {
        let [access_key, region, secret_key, service] = texts(config, 2, "AWS config", REQUIRED_OF_CONFIG)?;
        let body = match config.get_str("disable_payload_signing") {
            None | Some(Value::Bool(false)) => Body::Signed,
            Some(Value::Bool(true)) => Body::Unsigned,
            Some(_) => {
                return Err(operand::error(2, "invalid value for 'disable_payload_signing' in AWS config"));
            }
        };
        let session_token =
            config.get_str("aws_session_token").and_then(Value::as_str).filter(|it| !it.is_empty());
        Ok(Self { access_key, secret_key, session_token, region, service, body })
    }

    /// All headers that the request is to have, the signature among them.
    fn headers(&self, request: &Request<'_>, stamp: &str) -> Object {
        let body_hash = match self.body {
            Body::Signed => sha256_hex(request.body),
            Body::Unsigned => UNSIGNED_PAYLOAD.to_owned(),
        };
        let mut own = BTreeMap::new();
        let mut set = |name: &str, value: &str| own.insert(name.to_owned(), value.to_owned());
        set("host", request.uri.host());
        set("x-amz-date", stamp);
        if HASHED_BODY.contains(&self.service) {
            set("x-amz-content-sha256", &body_hash);
        }
        if let Some(token) = self.session_token {
            set("x-amz-security-token", token);
        }
        // As in OPA, a header that the request brings along is signed as it was, and replaced all the same.
        let (mut as_given, mut replaced) = (own.clone(), request.headers.clone());
        as_given.extend(request.headers.clone());
        let authorization = self.authorization(request, &as_given, &body_hash, stamp);
        replaced.extend(own);
        replaced.insert("Authorization".to_owned(), authorization);
        replaced.into_iter().map(|(name, value)| (Value::from(name), Value::from(value))).collect()
    }

    fn authorization(
        &self,
        request: &Request<'_>,
        headers: &BTreeMap<String, String>,
        body_hash: &str,
        stamp: &str,
    ) -> String {
        let signed: Vec<_> =
            headers.iter().filter(|(name, _)| !NOT_SIGNED.contains(&name.as_str())).collect();
        let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let lines: String =
            signed.iter().flat_map(|(name, value)| [name.as_str(), ":", value, "\n"]).collect();
        let (method, path, query) =
            (request.method, escaped_path(request.uri.path), request.uri.query.unwrap_or_default());
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{names}\n{body_hash}");
        let day = stamp.split('T').next().unwrap_or_default();
        let scope = [day, self.region, self.service, SCOPE_END].join("/");
        let to_sign = format!("{ALGORITHM}\n{stamp}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        let signature = hex::encode(mac(self.key(day).as_ref(), &to_sign));
        format!(
            "{ALGORITHM} Credential={}/{scope},SignedHeaders={names},Signature={signature}",
            self.access_key
        )
    }

    /// The key for one day, region and service.
    fn key(&self, day: &str) -> hmac::Tag {
        let secret = format!("AWS4{}", self.secret_key);
        let scoped = mac(mac(secret.as_bytes(), day).as_ref(), self.region);
        mac(mac(scoped.as_ref(), self.service).as_ref(), SCOPE_END)
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

fn mac(key: &[u8], message: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::budget::Budget;
    use crate::rego::builtins::Caches;

    fn object_of(pairs: &[(&str, &str)]) -> Object {
        pairs.iter().map(|(name, value)| (Value::from(*name), Value::from(*value))).collect()
    }

    fn signed(request: Object, config: Object) -> Result<Object, String> {
        let (mut budget, mut caches) = (Budget::unlimited(), Caches::default());
        let mut context =
            Context { now_ns: 0, seed: 0, budget: &mut budget, sink: &mut (), caches: &mut caches };
        let args = [request.into(), config.into(), 1_440_938_160_000_000_000_i64.into()];
        let answer = sign_request(&mut context, &args).map_err(|it| it.to_string())?;
        let headers = answer.and_then(|it| it.get_str("headers").and_then(Value::as_object).cloned());
        Ok(headers.unwrap_or_default())
    }

    /// Whom AWS's own examples of signatures name.
    fn config() -> Object {
        object_of(&[
            ("aws_access_key", "AKIDEXAMPLE"),
            ("aws_secret_access_key", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            ("aws_region", "us-east-1"),
            ("aws_service", "service"),
        ])
    }

    #[test]
    fn the_plainest_example_of_aws_has_its_signature() {
        let request = object_of(&[("method", "GET"), ("url", "https://example.amazonaws.com/")]);
        let headers = signed(request, config()).unwrap();
        let signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        let authorization = headers.get_str("Authorization").and_then(Value::as_str).unwrap();
        assert!(authorization.ends_with(signature), "{authorization}");
        assert_eq!(headers.get_str("x-amz-date"), Some(&"20150830T123600Z".into()));
        assert_eq!(headers.get_str("x-amz-content-sha256"), None, "other services hash no body");
    }

    #[test]
    fn headers_that_proxies_change_are_sent_but_not_signed() {
        let mut request = object_of(&[("method", "GET"), ("url", "https://example.amazonaws.com/")]);
        request = request.with("headers".into(), object_of(&[("User-Agent", "me"), ("A", "b")]).into());
        let headers = signed(request, config()).unwrap();
        let authorization = headers.get_str("Authorization").and_then(Value::as_str).unwrap();
        assert!(authorization.contains("SignedHeaders=a;host;x-amz-date,"), "{authorization}");
        assert_eq!(headers.get_str("user-agent"), Some(&"me".into()));
    }

    #[test]
    fn a_field_that_no_request_has_is_named() {
        let request = object_of(&[("method", "GET"), ("url", "https://a/"), ("nope", "x")]);
        let error = signed(request, config()).unwrap_err();
        assert_eq!(error, "operand 1 invalid request parameters(s): {\"nope\"}");
    }
}
