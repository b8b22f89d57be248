//! Chains of certificates from a leaf to a trusted root (RFC 5280, section 6), as Go's package finds them.
//!
//! The search goes from the leaf upwards. Of each authority on the way it asks, in this order:
//! 1. its subject is the issuer of the certificate below;
//! 2. it is an authority and may sign certificates;
//! 3. its key signed the certificate below;
//! 4. it is valid at the time, and has no critical extension that is not understood here;
//! 5. no more authorities stand between it and the leaf than it allows;
//! 6. the names of what stands below are within its constraints.
//!
//! A chain that reaches the root must allow one of the wanted purposes in each of its certificates. What cannot be
//! decided is no chain. Revocation is not looked at, nor are policies: an extension that demands one is not understood.

use x509_parser::certificate::X509Certificate;
use x509_parser::time::ASN1Time;

use super::constraints::{self, Comparisons};
use super::extensions::Extensions;
use super::options::{Options, Purpose};
use super::{hostname, signature};
use crate::rego::budget::{Budget, Exceeded};
use crate::rego::builtins::Context;

/// A certificate, and its bytes.
pub(super) struct Member<'a> {
    pub(super) raw: &'a [u8],
    pub(super) certificate: X509Certificate<'a>,
}

/// A chain, the leaf first.
pub(super) struct Chain<'a>(Vec<&'a Member<'a>>);

/// Signatures that are verified for one leaf before it is given up: Go's limit.
const MAX_SIGNATURES: u32 = 100;

/// What a signature costs, in steps: some tens of microseconds.
const SIGNATURE_STEPS: u64 = 500;

impl<'a> Chain<'a> {
    /// The chain from the last certificate to the first one, by way of any of the others.
    pub(super) fn find(
        context: &mut Context<'_>,
        members: &'a [Member<'a>],
        options: &Options,
    ) -> Result<Option<Self>, Exceeded> {
        let [root, intermediates @ .., leaf] = members else { return Ok(None) };
        let mut search = Search {
            root,
            intermediates,
            options,
            now_ns: options.time_ns.unwrap_or(context.now_ns).into(),
            comparisons: Comparisons(options.max_comparisons),
            signatures_left: MAX_SIGNATURES,
            budget: context.budget,
        };
        if !search.leaf_is_good(leaf) {
            return Ok(None);
        }
        let mut chain = vec![leaf];
        let found = if leaf.raw == root.raw { search.serves(&chain) } else { search.extend(&mut chain)? };
        Ok(found.then_some(Self(chain)))
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &'a Member<'a>> {
        self.0.iter().copied()
    }
}

/// How well the identifier of a key fits the one that a certificate names for its issuer; the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Same,
    Unknown,
    Other,
}

struct Search<'a, 'b> {
    root: &'a Member<'a>,
    intermediates: &'a [Member<'a>],
    options: &'b Options,
    now_ns: i128,
    comparisons: Comparisons,
    signatures_left: u32,
    budget: &'b mut Budget,
}

impl<'a> Search<'a, '_> {
    fn leaf_is_good(&self, leaf: &'a Member<'a>) -> bool {
        let extensions = Extensions::of(&leaf.certificate);
        let is_for_host = |host| hostname::is_for(extensions.alternative_names().unwrap_or_default(), host);
        self.is_readable_now(leaf) && self.options.host.as_deref().is_none_or(is_for_host)
    }

    /// Step 4.
    fn is_readable_now(&self, member: &'a Member<'a>) -> bool {
        let validity = member.certificate.validity();
        let extensions = Extensions::of(&member.certificate);
        let nanos = |it: ASN1Time| i128::from(it.timestamp()) * 1_000_000_000;
        (nanos(validity.not_before)..=nanos(validity.not_after)).contains(&self.now_ns)
            && !extensions.is_malformed()
            && extensions.beyond_us().next().is_none()
    }

    /// Extends the chain to the root; puts it back where there is no way. As deep as signatures may be verified.
    fn extend(&mut self, chain: &mut Vec<&'a Member<'a>>) -> Result<bool, Exceeded> {
        let Some(below) = chain.last().copied() else { return Ok(false) };
        for parent in self.parents(below)? {
            if chain.iter().any(|it| is_same(it, parent)) || !self.may_follow(chain, parent)? {
                continue;
            }
            chain.push(parent);
            let is_root = std::ptr::eq(parent, self.root);
            if if is_root { self.serves(chain) } else { self.extend(chain)? } {
                return Ok(true);
            }
            chain.pop();
        }
        Ok(false)
    }

    /// Step 1: who may have issued the certificate, the root first, then by the identifiers of their keys.
    fn parents(&mut self, below: &'a Member<'a>) -> Result<Vec<&'a Member<'a>>, Exceeded> {
        self.budget.steps(1 + self.intermediates.len() as u64)?;
        let issuer = below.certificate.issuer().as_raw();
        let wanted = Extensions::of(&below.certificate).authority_key();
        let fit = |it: &&Member<'a>| match (wanted, Extensions::of(&it.certificate).subject_key()) {
            (Some(wanted), Some(found)) if wanted == found => Fit::Same,
            (Some(_), Some(_)) => Fit::Other,
            _ => Fit::Unknown,
        };
        let is_issuer = |it: &&Member<'a>| it.certificate.subject().as_raw() == issuer;
        let mut parents: Vec<&'a Member<'a>> = self.intermediates.iter().filter(is_issuer).collect();
        parents.sort_by_key(fit);
        if is_issuer(&self.root) {
            parents.insert(0, self.root);
        }
        Ok(parents)
    }

    /// Steps 2 to 6.
    fn may_follow(&mut self, chain: &[&'a Member<'a>], parent: &'a Member<'a>) -> Result<bool, Exceeded> {
        let [.., below] = chain else { return Ok(false) };
        let between = chain.len() - 1;
        Ok(self.is_authority(parent)
            && self.signed(parent, below)?
            && self.is_readable_now(parent)
            && allows_depth(parent, between)
            && self.vouches_for(parent, chain)?)
    }

    /// Step 2. A root of the first versions has no extensions to say it with.
    fn is_authority(&self, parent: &'a Member<'a>) -> bool {
        let extensions = Extensions::of(&parent.certificate);
        let is_authority = match extensions.basic_constraints() {
            Some(basic) => basic.ca,
            None => std::ptr::eq(parent, self.root) && parent.certificate.version().0 < 2,
        };
        let may_sign = |flags: u16| flags == 0 || flags >> 5 & 1 == 1;
        is_authority && extensions.key_usage().is_none_or(|it| may_sign(it.flags))
    }

    /// Step 3.
    fn signed(&mut self, parent: &'a Member<'a>, below: &'a Member<'a>) -> Result<bool, Exceeded> {
        let Some(left) = self.signatures_left.checked_sub(1) else { return Ok(false) };
        self.signatures_left = left;
        self.budget.steps(SIGNATURE_STEPS + below.raw.len() as u64 / 64)?;
        Ok(signature::is_by(
            parent.certificate.public_key(),
            &below.certificate.signature_algorithm,
            below.certificate.tbs_certificate.as_ref(),
            &below.certificate.signature_value.data,
        ))
    }

    /// Step 6.
    fn vouches_for(&mut self, parent: &'a Member<'a>, chain: &[&'a Member<'a>]) -> Result<bool, Exceeded> {
        let Some(constraints) = Extensions::of(&parent.certificate).name_constraints() else {
            return Ok(true);
        };
        let before = self.comparisons.0;
        let all_good = chain.iter().all(|it| {
            let names = Extensions::of(&it.certificate).alternative_names().unwrap_or_default();
            constraints::check(constraints, names, &mut self.comparisons).is_ok()
        });
        self.budget.steps(before - self.comparisons.0)?;
        Ok(all_good)
    }

    /// Whether one of the wanted purposes is allowed in each certificate.
    fn serves(&self, chain: &[&'a Member<'a>]) -> bool {
        let usages: Vec<_> = chain.iter().map(|it| Extensions::of(&it.certificate).usages()).collect();
        self.options.purposes.iter().any(|purpose| match purpose {
            Purpose::Any => true,
            Purpose::Only(usage) => usages.iter().all(|it| it.allow(*usage)),
        })
    }
}

/// Step 5.
fn allows_depth(parent: &Member<'_>, between: usize) -> bool {
    let constraints = Extensions::of(&parent.certificate).basic_constraints();
    let most = constraints.and_then(|it| it.path_len_constraint);
    most.is_none_or(|most| usize::try_from(most).is_ok_and(|most| between <= most))
}

/// Whether both speak of the same holder and key, so that a chain would go in a circle.
fn is_same(a: &Member<'_>, b: &Member<'_>) -> bool {
    let (a, b) = (&a.certificate, &b.certificate);
    a.subject().as_raw() == b.subject().as_raw()
        && a.public_key().raw == b.public_key().raw
        && Extensions::of(a).alternative_names() == Extensions::of(b).alternative_names()
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
