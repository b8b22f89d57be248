//! What options of the command line change in a policy.

use crate::model::PolicySpec;
use crate::model::policy_spec::Identity;

/// Options that replace parts of a policy; empty texts mean "not given".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// `--public-key`
    pub public_key: String,
    /// `--rekor-url`
    pub rekor_url: String,
    /// `--certificate-identity`, `--certificate-oidc-issuer` and their regular expressions.
    pub identity: Identity,
}

/// Who must have signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Signer {
    /// Whoever has this key: PEM or a reference.
    Key(String),
    /// Somebody of this identity, with an issuer and a subject, each exactly or by expression.
    Keyless(Identity),
}

/// A policy without key needs an identity.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SignerError {
    /// Neither issuer nor subject.
    #[error(
        "certificate OIDC issuer must be provided for keyless workflow\ncertificate identity must be provided for keyless workflow"
    )]
    NoIdentity,
    /// A subject only.
    #[error("certificate OIDC issuer must be provided for keyless workflow")]
    NoIssuer,
    /// An issuer only.
    #[error("certificate identity must be provided for keyless workflow")]
    NoSubject,
}

/// Puts the options into the policy. An identity on the command line takes the place of the policy's key, unless a key is
/// given there, too.
#[must_use]
pub fn apply(mut spec: PolicySpec, overrides: &Overrides) -> PolicySpec {
    if !overrides.rekor_url.is_empty() {
        spec.rekor_url.clone_from(&overrides.rekor_url);
    }
    if !overrides.public_key.is_empty() {
        spec.public_key.clone_from(&overrides.public_key);
    } else if overrides.identity != Identity::default() {
        spec.public_key.clear();
    }
    spec
}

/// Who must have signed, by a policy that [`apply`] has changed: its key, or the command line's identity as a whole, or its own.
///
/// # Errors
/// [`SignerError`]: neither a key nor a whole identity.
pub fn signer(spec: &PolicySpec, overrides: &Overrides) -> Result<Signer, SignerError> {
    if !spec.public_key.is_empty() {
        return Ok(Signer::Key(spec.public_key.clone()));
    }
    let identity = if overrides.identity == Identity::default() {
        spec.identity.clone().unwrap_or_default()
    } else {
        overrides.identity.clone()
    };
    let issuer = !identity.issuer.is_empty() || !identity.issuer_reg_exp.is_empty();
    let subject = !identity.subject.is_empty() || !identity.subject_reg_exp.is_empty();
    match (issuer, subject) {
        (true, true) => Ok(Signer::Keyless(identity)),
        (true, false) => Err(SignerError::NoSubject),
        (false, true) => Err(SignerError::NoIssuer),
        (false, false) => Err(SignerError::NoIdentity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(key: &str) -> PolicySpec {
        PolicySpec { public_key: key.to_owned(), ..PolicySpec::default() }
    }

    fn identity(subject: &str, issuer: &str) -> Identity {
        Identity { subject: subject.to_owned(), issuer: issuer.to_owned(), ..Identity::default() }
    }

    fn by_identity(subject: &str, issuer: &str) -> Overrides {
        Overrides { identity: identity(subject, issuer), ..Overrides::default() }
    }

    #[test]
    fn a_key_on_the_command_line_wins_over_everything() {
        let overrides = Overrides { public_key: "cli.pub".to_owned(), ..by_identity("me", "it") };
        let spec = apply(spec("policy.pub"), &overrides);
        assert_eq!(signer(&spec, &overrides), Ok(Signer::Key("cli.pub".to_owned())));
    }

    #[test]
    fn an_identity_on_the_command_line_wins_over_the_policys_key() {
        let overrides = by_identity("me", "it");
        let spec = apply(spec("policy.pub"), &overrides);
        assert_eq!(spec.public_key, "");
        assert_eq!(signer(&spec, &overrides), Ok(Signer::Keyless(identity("me", "it"))));
    }

    #[test]
    fn identities_of_command_line_and_policy_are_not_mixed() {
        let overrides = by_identity("me", "");
        let policy = PolicySpec { identity: Some(identity("you", "issuer")), ..PolicySpec::default() };
        assert_eq!(signer(&apply(policy.clone(), &overrides), &overrides), Err(SignerError::NoIssuer));
        let none = Overrides::default();
        assert_eq!(signer(&apply(policy, &none), &none), Ok(Signer::Keyless(identity("you", "issuer"))));
    }

    #[test]
    fn threat_24_a_policy_without_issuer_or_subject_is_refused() {
        let none = Overrides::default();
        assert_eq!(signer(&spec(""), &none), Err(SignerError::NoIdentity));
        let half = PolicySpec { identity: Some(identity("", "issuer")), ..PolicySpec::default() };
        assert_eq!(signer(&half, &none), Err(SignerError::NoSubject));
    }
}
