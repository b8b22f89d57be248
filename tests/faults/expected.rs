//! What each fault at each request must come to, written down by hand.

use std::time::Duration;

use enterprise_contract::testkit::registry::Step;

use crate::bench::CHALLENGE;

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// The component's own image, by digest.
    Image,
    /// The `.sig` or `.att` tag.
    Attached,
    /// The referrers API, which the registry offers.
    Referrers,
    /// The referrers API, which the registry does not know: 404.
    NoReferrers,
    /// The tag that stands in for it: 404.
    Fallback,
    /// What a manifest of the component's own repository names by digest.
    Blob,
    /// The base image, by digest.
    Parent,
    /// What its manifest names by digest.
    ParentBlob,
    /// The tag that a rule asks for, in another repository.
    Asked,
    /// A token, whichever object it is for.
    Token,
}

impl Role {
    /// Of a request that the clean run made.
    pub(crate) fn of(line: &str, api_is_offered: bool) -> Self {
        let has = |part: &str| line.contains(part);
        if has("/token") {
            Self::Token
        } else if has("/referrers/") && api_is_offered {
            Self::Referrers
        } else if has("/referrers/") {
            Self::NoReferrers
        } else if has("/team/") && has("/manifests/sha256:") {
            Self::Image
        } else if has(".sig") || has(".att") {
            Self::Attached
        } else if has("/manifests/sha256-") {
            Self::Fallback
        } else if has("/team/") {
            Self::Blob
        } else if has("/blobs/") {
            Self::ParentBlob
        } else if has("/manifests/latest") {
            Self::Asked
        } else {
            Self::Parent
        }
    }
}

/// A fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    Status(u16),
    /// 401 with the right challenge, whatever is shown.
    Expired,
    /// 401 with a realm of somebody else.
    ForeignRealm,
    Astray,
    Reset,
    Silence,
    Stall,
    Drip,
    Cut,
    Garble,
    Oversize,
    Endless,
    Malformed,
}

/// A few of each class; the walk through all of them is in the client's own tests.
pub(crate) const FAULTS: [Fault; 24] = [
    Fault::Status(400),
    Fault::Status(401),
    Fault::Status(403),
    Fault::Status(404),
    Fault::Status(408),
    Fault::Status(418),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(501),
    Fault::Status(502),
    Fault::Status(503),
    Fault::Status(504),
    Fault::Expired,
    Fault::ForeignRealm,
    Fault::Astray,
    Fault::Reset,
    Fault::Silence,
    Fault::Stall,
    Fault::Drip,
    Fault::Cut,
    Fault::Garble,
    Fault::Oversize,
    Fault::Endless,
    Fault::Malformed,
];

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

impl Fault {
    pub(crate) fn step(self, role: Role) -> Step {
        let media_type =
            if matches!(role, Role::Referrers | Role::NoReferrers | Role::Fallback) { INDEX } else { IMAGE };
        match self {
            Self::Status(status) => Step::status(status, ""),
            Self::Expired => Step::header(401, "www-authenticate", CHALLENGE),
            Self::ForeignRealm => {
                Step::header(401, "www-authenticate", r#"Bearer realm="https://evil.test/token""#)
            }
            Self::Astray => Step::header(302, "location", "http://evil.test/x"),
            Self::Reset => Step::Reset,
            Self::Silence => Step::Silence,
            Self::Stall => Step::Stall(1),
            Self::Drip => Step::Drip(Duration::from_secs(29)),
            Self::Cut => Step::Cut(1),
            Self::Garble => Step::Garble,
            Self::Oversize => Step::typed(media_type, &vec![b' '; 5 << 20]),
            Self::Endless => Step::Endless,
            Self::Malformed => Step::typed(media_type, b"{"),
        }
    }

    /// Does it sit in the body, so that it means nothing where the body is that of an error?
    fn is_in_body(self) -> bool {
        matches!(self, Self::Stall | Self::Drip | Self::Cut | Self::Garble | Self::Endless)
    }

    /// Of a request that is refused for good, and of one that may go better the next time.
    fn plain(self) -> (&'static str, u64) {
        match self {
            Self::Status(408 | 429 | 500 | 502..=504) | Self::Reset | Self::Cut => ("unavailable", 4),
            Self::Silence | Self::Stall | Self::Drip => ("timed-out", 4),
            Self::Status(401 | 403) => ("unauthorised", 1),
            // The second time with a new token.
            Self::Expired => ("unauthorised", 2),
            Self::Status(404) => ("not-found", 1),
            Self::Status(_) | Self::ForeignRealm | Self::Astray | Self::Garble | Self::Malformed => {
                ("malformed", 1)
            }
            Self::Oversize | Self::Endless => ("too-large", 1),
        }
    }
}

/// What becomes of the component.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// The same entry as in the clean run.
    Same,
    /// A violation of this code, and no failure.
    Violation(&'static str),
    /// Nothing is said but why.
    Incomplete { stage: &'static str, kind: &'static str },
}

/// What becomes of the component, and how often the request is made, where the fault stays.
pub(crate) fn expected(role: Role, fault: Fault) -> (Outcome, u64) {
    let (kind, asked) = fault.plain();
    let incomplete = |stage, kind| (Outcome::Incomplete { stage, kind }, asked);
    let is_status = |these: &[u16]| these.iter().any(|it| fault == Fault::Status(*it));
    match role {
        Role::Image if is_status(&[404]) => (Outcome::Violation("builtin.image.accessible"), 1),
        Role::Image => incomplete("resolve", kind),
        Role::Parent if is_status(&[404]) => (Outcome::Violation("faults.parent"), 1),
        Role::Attached if is_status(&[404]) => (Outcome::Violation("builtin."), 1),
        Role::Referrers if is_status(&[400, 404, 501]) => (Outcome::Same, 1),
        Role::NoReferrers if is_status(&[400, 501]) => (Outcome::Same, 1),
        Role::NoReferrers | Role::Fallback if is_status(&[404]) || fault.is_in_body() => (Outcome::Same, 1),
        Role::Blob | Role::ParentBlob if kind == "too-large" => incomplete("fetch", "malformed"),
        Role::Attached
        | Role::Referrers
        | Role::NoReferrers
        | Role::Fallback
        | Role::Blob
        | Role::Parent
        | Role::ParentBlob => incomplete("fetch", kind),
        Role::Asked if is_status(&[401, 403, 404]) || fault == Fault::Expired => {
            (Outcome::Violation("faults.base"), asked)
        }
        Role::Asked => incomplete("evaluate", kind),
        // The realm has no such thing for who asks the store in its place.
        Role::Token if fault.is_in_body() => (Outcome::Incomplete { stage: "", kind: "malformed" }, 1),
        Role::Token if matches!(fault, Fault::Status(404)) => {
            (Outcome::Incomplete { stage: "", kind: "malformed" }, 1)
        }
        Role::Token if matches!(fault, Fault::Expired | Fault::ForeignRealm) => {
            (Outcome::Incomplete { stage: "", kind: "unauthorised" }, 1)
        }
        Role::Token => incomplete("", kind),
    }
}
