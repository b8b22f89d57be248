//! Chains of certificates that the tests make themselves, one for each thing that may be wrong with them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::super::Ders;
use super::super::extensions::{ANY, Usage};
use super::*;
use crate::rego::builtins::Caches;

/// Mid-2025, in nanoseconds.
const NOW: i64 = 1_750_000_000_000_000_000;

/// An element; DER wants the shortest form of its length.
fn tlv(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..128 => vec![tag, low],
        128..256 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&head, content].concat()
}

fn sequence(items: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, items.concat())
}

fn oid(arcs: &[u8]) -> Vec<u8> {
    tlv(6, arcs)
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];

/// A certificate to be made.
struct Spec {
    subject: &'static str,
    issuer: &'static str,
    from: &'static str,
    to: &'static str,
    extensions: Vec<Vec<u8>>,
}

impl Spec {
    fn new(subject: &'static str, issuer: &'static str) -> Self {
        Self { subject, issuer, from: "200101000000Z", to: "400101000000Z", extensions: Vec::new() }
    }

    fn authority(subject: &'static str, issuer: &'static str) -> Self {
        Self::new(subject, issuer).with(&[0x55, 0x1d, 19], true, sequence(&[tlv(1, [0xff])]))
    }

    /// An authority that allows so many others under it.
    fn authority_of_depth(subject: &'static str, issuer: &'static str, depth: u8) -> Self {
        let constraints = sequence(&[tlv(1, [0xff]), tlv(2, [depth])]);
        Self::new(subject, issuer).with(&[0x55, 0x1d, 19], true, constraints)
    }

    fn with(mut self, id: &[u8], critical: bool, value: Vec<u8>) -> Self {
        let critical = if critical { tlv(1, [0xff]) } else { Vec::new() };
        self.extensions.push(sequence(&[oid(id), critical, tlv(4, value)]));
        self
    }

    fn for_hosts(self, hosts: &[&str]) -> Self {
        let names: Vec<_> = hosts.iter().map(|it| tlv(0x82, it)).collect();
        self.with(&[0x55, 0x1d, 17], false, sequence(&names))
    }

    fn permitting_hosts(self, host: &str) -> Self {
        let permitted = tlv(0xa0, sequence(&[tlv(0x82, host)]));
        self.with(&[0x55, 0x1d, 30], true, sequence(&[permitted]))
    }

    fn for_usage(self, usage: u8) -> Self {
        let id = oid(&[0x2b, 6, 1, 5, 5, 7, 3, usage]);
        self.with(&[0x55, 0x1d, 37], false, sequence(&[id]))
    }

    fn with_key_usage(self, bits: u8) -> Self {
        self.with(&[0x55, 0x1d, 15], true, tlv(3, [0, bits]))
    }

    fn valid(mut self, from: &'static str, to: &'static str) -> Self {
        (self.from, self.to) = (from, to);
        self
    }

    fn signed(&self, key: &EcdsaKeyPair, by: &EcdsaKeyPair) -> Vec<u8> {
        let name = |it: &str| sequence(&[tlv(0x31, sequence(&[oid(COMMON_NAME), tlv(0x0c, it)]))]);
        let algorithm = sequence(&[oid(ECDSA_SHA256)]);
        let point = [&[0], key.public_key().as_ref()].concat();
        let body = sequence(&[
            tlv(0xa0, tlv(2, [2])),
            tlv(2, [1]),
            algorithm.clone(),
            name(self.issuer),
            sequence(&[tlv(0x17, self.from), tlv(0x17, self.to)]),
            name(self.subject),
            sequence(&[sequence(&[oid(EC_KEY), oid(P256)]), tlv(3, point)]),
            tlv(0xa3, sequence(&self.extensions)),
        ]);
        let signature = by.sign(&SystemRandom::new(), &body).unwrap();
        sequence(&[body, algorithm, tlv(3, [&[0], signature.as_ref()].concat())])
    }
}

fn key() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap()
}

/// A chain in which each certificate is signed by the one before it, the first by itself.
fn in_line(specs: &[Spec]) -> Vec<Vec<u8>> {
    let mut above = key();
    let mut ders = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let own = if index == 0 { None } else { Some(key()) };
        ders.push(spec.signed(own.as_ref().unwrap_or(&above), &above));
        above = own.unwrap_or(above);
    }
    ders
}

/// Names of the chain that is found, the leaf first.
fn found(ders: Vec<Vec<u8>>, options: &Options) -> Option<Vec<String>> {
    let mut budget = Budget::unlimited();
    let context = &mut Context {
        now_ns: NOW,
        seed: 0,
        budget: &mut budget,
        sink: &mut (),
        caches: &mut Caches::default(),
    };
    let ders = Ders(ders);
    let members = ders.members().unwrap();
    let chain = Chain::find(context, &members, options).unwrap()?;
    Some(chain.members().map(|it| it.certificate.subject().to_string()).collect())
}

fn holds(specs: &[Spec]) -> bool {
    found(in_line(specs), &Options::default()).is_some()
}

fn for_host(host: &str) -> Options {
    Options { host: Some(host.to_owned()), ..Options::default() }
}

#[test]
fn a_chain_leads_from_the_leaf_to_the_root() {
    let chain = in_line(&[Spec::authority("r", "r"), Spec::authority("i", "r"), Spec::new("l", "i")]);
    let names = Some(["CN=l", "CN=i", "CN=r"].map(str::to_owned).to_vec());
    assert_eq!(found(chain.clone(), &Options::default()), names);
    let unordered = vec![chain[0].clone(), chain[1].clone(), chain[1].clone(), chain[2].clone()];
    assert_eq!(found(unordered, &Options::default()), names);
    assert_eq!(found(vec![chain[0].clone(), chain[2].clone()], &Options::default()), None, "a gap");
    assert_eq!(found(vec![chain[0].clone()], &Options::default()), None, "one alone");
    assert_eq!(found(Vec::new(), &Options::default()), None);
}

#[test]
fn a_signature_by_another_key_breaks_the_chain() {
    let (root, impostor, leaf) = (key(), key(), key());
    let root_der = Spec::authority("r", "r").signed(&root, &root);
    let good = Spec::new("l", "r").signed(&leaf, &root);
    let bad = Spec::new("l", "r").signed(&leaf, &impostor);
    assert!(found(vec![root_der.clone(), good], &Options::default()).is_some());
    assert_eq!(found(vec![root_der, bad], &Options::default()), None);
}

#[test]
fn who_is_no_authority_signs_nothing() {
    assert!(!holds(&[Spec::new("r", "r"), Spec::new("l", "r")]));
    assert!(!holds(&[Spec::authority("r", "r"), Spec::new("i", "r"), Spec::new("l", "i")]));
    let digital_signature_only = Spec::authority("r", "r").with_key_usage(0x80);
    assert!(!holds(&[digital_signature_only, Spec::new("l", "r")]));
    let certificates = Spec::authority("r", "r").with_key_usage(0x04);
    assert!(holds(&[certificates, Spec::new("l", "r")]));
}

#[test]
fn the_length_of_a_path_is_bounded_by_each_authority() {
    let chain =
        |depth| [Spec::authority_of_depth("r", "r", depth), Spec::authority("i", "r"), Spec::new("l", "i")];
    assert!(!holds(&chain(0)) && holds(&chain(1)));
    let within = [
        Spec::authority("r", "r"),
        Spec::authority_of_depth("i", "r", 0),
        Spec::authority("j", "i"),
        Spec::new("l", "j"),
    ];
    assert!(!holds(&within));
}

#[test]
fn each_certificate_is_valid_at_the_time() {
    let past = ("200101000000Z", "210101000000Z");
    let leaf = || [Spec::authority("r", "r"), Spec::new("l", "r").valid(past.0, past.1)];
    let root = || [Spec::authority("r", "r").valid(past.0, past.1), Spec::new("l", "r")];
    assert!(!holds(&leaf()) && !holds(&root()));
    let then = Options { time_ns: Some(1_600_000_000_000_000_000), ..Options::default() };
    assert!(found(in_line(&leaf()), &then).is_some() && found(in_line(&root()), &then).is_some());
    let before = Options { time_ns: Some(0), ..Options::default() };
    assert_eq!(found(in_line(&leaf()), &before), None);
}

#[test]
fn a_purpose_is_allowed_all_along_the_chain() {
    let for_purposes = |purposes: &[Purpose], specs: &[Spec]| {
        found(in_line(specs), &Options { purposes: purposes.to_vec(), ..Options::default() }).is_some()
    };
    let client = || [Spec::authority("r", "r"), Spec::new("l", "r").for_usage(2)];
    assert!(!holds(&client()), "servers are the default");
    assert!(for_purposes(&[Purpose::Only(Usage(2))], &client()));
    assert!(for_purposes(&[Purpose::Any], &client()));
    assert!(for_purposes(&[Purpose::Only(Usage(1)), Purpose::Only(Usage(2))], &client()));
    assert!(!for_purposes(&[Purpose::Only(ANY)], &client()));
    let narrowed = [Spec::authority("r", "r").for_usage(2), Spec::new("l", "r").for_usage(1)];
    assert!(!holds(&narrowed), "the authority is for clients");
}

#[test]
fn the_leaf_is_for_the_host_that_is_asked_for() {
    let chain = in_line(&[Spec::authority("r", "r"), Spec::new("l", "r").for_hosts(&["*.example.com"])]);
    assert!(found(chain.clone(), &for_host("a.example.com")).is_some());
    assert_eq!(found(chain, &for_host("example.com")), None);
    let nameless = in_line(&[Spec::authority("r", "r"), Spec::new("a.example.com", "r")]);
    assert_eq!(found(nameless, &for_host("a.example.com")), None, "the subject is no host");
}

#[test]
fn names_stay_within_the_constraints_of_each_authority() {
    let chain = |host| {
        [
            Spec::authority("r", "r").permitting_hosts("example.com"),
            Spec::authority("i", "r"),
            Spec::new("l", "i").for_hosts(&[host]),
        ]
    };
    assert!(holds(&chain("a.example.com")) && !holds(&chain("a.example.org")));
    let none = Options { max_comparisons: 0, ..Options::default() };
    assert_eq!(found(in_line(&chain("a.example.com")), &none), None, "too many to compare");
}

#[test]
fn a_critical_extension_that_nobody_understands_breaks_the_chain() {
    let odd = |critical| Spec::new("l", "r").with(&[0x2a, 3, 4], critical, tlv(5, []));
    assert!(holds(&[Spec::authority("r", "r"), odd(false)]));
    assert!(!holds(&[Spec::authority("r", "r"), odd(true)]));
}

#[test]
fn certificates_that_vouch_for_each_other_end_the_search() {
    let keys: Vec<EcdsaKeyPair> = (0..30).map(|_| key()).collect();
    let root = Spec::authority("r", "r").signed(&keys[0], &keys[0]);
    // All of one name and each signed by another key: every order of them is a way to try.
    let mut ders = vec![root];
    ders.extend(keys.windows(2).map(|pair| Spec::authority("x", "x").signed(&pair[0], &pair[1])));
    ders.push(Spec::new("l", "x").signed(&key(), &keys[5]));
    assert_eq!(found(ders, &Options::default()), None);
}
