//! Secrets are planted wherever a run meets one, and everything that the run says is searched for them: standard output and
//! error at the loudest, the log file, every report.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use enterprise_contract::testkit::registry::{Contents, ReferrersApi, Registry, Rule, Step, Tls};

use crate::binary::{Answer, command};
use crate::stage::{self, good};

/// Part of every secret, and of nothing else.
const CANARY: &str = "c4n4ry";

const FORMATS: [&str; 10] = [
    "text",
    "json",
    "yaml",
    "junit",
    "summary",
    "summary-markdown",
    "appstudio",
    "policy-input",
    "attestation",
    "vsa",
];

/// A run whose registry wants the token that the realm gives to whoever knows the password.
struct Planted {
    config: String,
    helper: Option<&'static str>,
    rules: Vec<Rule>,
    proxy: Proxy,
}

enum Proxy {
    Registry,
    Unreachable,
}

impl Planted {
    fn new() -> Self {
        Self {
            config: format!(r#"{{"auths":{{"registry.example":{{"auth":"{}"}}}}}}"#, password()),
            helper: None,
            rules: guarded(Step::status(200, r#"{"token":"token-c4n4ry"}"#)),
            proxy: Proxy::Registry,
        }
    }

    async fn run(&self) -> Said {
        let stage = stage::set([good("one")]);
        let folder = stage.path();
        let contents = Contents::from_layout(&folder.join("layout"), ReferrersApi::Missing).expect("layout");
        let registry = Registry::start(contents, self.rules.clone(), Tls::Offered).await.expect("registry");
        stage::write(folder, "config.json", &self.config);
        if let Some(script) = self.helper {
            helper(folder, script);
        }
        fs::create_dir(folder.join("said")).expect("folder");
        let mut command = command(folder);
        command.args([
            "validate",
            "image",
            "--images=snapshot.yaml",
            "--policy=policy.yaml",
            "--ignore-rekor",
        ]);
        command.args([
            "--retry-duration=1ms",
            "--retry-max-wait=1ms",
            "--debug",
            "--show-successes",
            "--info",
        ]);
        command.args(FORMATS.map(|format| format!("--output={format}=said/{format}")));
        command.args(["--output=text", "--logfile=said/log"]);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", folder.join("bin").display()));
        let address = match self.proxy {
            Proxy::Registry => registry.address().to_string(),
            Proxy::Unreachable => "127.0.0.1:1".to_owned(),
        };
        command.env("HTTPS_PROXY", format!("http://proxy-user-c4n4ry:proxy-c4n4ry@{address}"));
        command.env("SSL_CERT_FILE", Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/tls/ca.pem"));
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("ended").expect("ec");
        let answer = Answer::from(output);
        let mut all = vec![("stdout", answer.stdout.clone()), ("stderr", answer.stderr.clone())];
        for name in FORMATS.into_iter().chain(["log"]) {
            all.extend(fs::read_to_string(folder.join("said").join(name)).ok().map(|text| (name, text)));
        }
        let shown =
            registry.seen().iter().any(|it| it.authorization.as_deref() == Some("Bearer token-c4n4ry"));
        Said { code: answer.code, all, token_was_shown: shown }
    }
}

struct Said {
    code: Option<i32>,
    all: Vec<(&'static str, String)>,
    token_was_shown: bool,
}

impl Said {
    fn assert_silent(&self, case: &str) {
        assert!(self.all.iter().any(|(_, text)| !text.is_empty()), "{case}: nothing was said at all");
        // In base64, too, as it travels.
        let encoded = &password()[..12];
        for (name, text) in &self.all {
            assert!(!text.contains(CANARY) && !text.contains(encoded), "{case}: {name} tells:\n{text}");
        }
    }
}

fn password() -> String {
    STANDARD.encode("user-c4n4ry:password-c4n4ry")
}

fn guarded(token: Step) -> Vec<Rule> {
    let challenge = r#"Bearer realm="https://registry.example/token",service="registry.example""#;
    let guard =
        Step::Guarded { authorization: "Bearer token-c4n4ry".to_owned(), challenge: challenge.to_owned() };
    vec![Rule::new("/token", [token]), Rule::new("/v2/", [guard])]
}

/// `docker-credential-planted`, which answers as the script says.
fn helper(folder: &Path, script: &str) {
    let file = folder.join("bin/docker-credential-planted");
    fs::create_dir(folder.join("bin")).expect("folder");
    fs::write(&file, format!("#!/bin/sh\ncat >/dev/null\n{script}\n")).expect("helper");
    let mut permissions = fs::metadata(&file).expect("helper").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&file, permissions).expect("helper");
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_36_a_run_that_uses_secrets_tells_none() {
    let said = Planted::new().run().await;
    said.assert_silent("a password for a token");
    assert_eq!((said.code, said.token_was_shown), (Some(0), true), "{:#?}", said.all);
    let answer = r#"echo '{"Username":"user-c4n4ry","Secret":"password-c4n4ry"}'; echo 'helper-c4n4ry' >&2"#;
    let store = r#"{"credsStore":"planted"}"#.to_owned();
    let said = Planted { config: store, helper: Some(answer), ..Planted::new() }.run().await;
    said.assert_silent("a helper");
    assert_eq!((said.code, said.token_was_shown), (Some(0), true), "{:#?}", said.all);
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_36_a_run_that_fails_over_secrets_tells_none() {
    let entry = |entry: &str| format!(r#"{{"auths":{{"registry.example":{entry}}}}}"#);
    for (case, config) in [
        ("an entry that is a text", entry(r#""password-c4n4ry""#)),
        ("an entry that is a list", entry(r#"["password-c4n4ry"]"#)),
        ("a password that is a list", entry(r#"{"username":"u","password":["password-c4n4ry"]}"#)),
        ("entries that are a text", r#"{"auths":"password-c4n4ry"}"#.to_owned()),
        ("no base64", entry(r#"{"auth":"password-c4n4ry!"}"#)),
        ("no colon", entry(&format!(r#"{{"auth":"{}"}}"#, STANDARD.encode("password-c4n4ry")))),
        ("no JSON", "password-c4n4ry".to_owned()),
        ("a repeated key", entry(r#"{"password":"password-c4n4ry","password":"password-c4n4ry"}"#)),
    ] {
        let said = Planted { config, ..Planted::new() }.run().await;
        said.assert_silent(case);
        assert_ne!(said.code, Some(0), "{case}: {:#?}", said.all);
    }
    for (case, script) in [
        ("a helper that fails", "echo 'stdout-c4n4ry'; echo 'stderr-c4n4ry' >&2; exit 1"),
        ("a helper that babbles", "echo 'stdout-c4n4ry'"),
        ("a helper with wrong types", r#"echo '{"Username":["c4n4ry"],"Secret":{"x":"password-c4n4ry"}}'"#),
    ] {
        let config = r#"{"credsStore":"planted"}"#.to_owned();
        let said = Planted { config, helper: Some(script), ..Planted::new() }.run().await;
        said.assert_silent(case);
        assert_ne!(said.code, Some(0), "{case}: {:#?}", said.all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_36_what_others_repeat_of_a_secret_is_not_told() {
    let echo =
        r#"{"errors":[{"code":"DENIED","message":"you sent Bearer token-c4n4ry","detail":"token-c4n4ry"}]}"#;
    let denied =
        |rule: Rule| [vec![rule], guarded(Step::status(200, r#"{"token":"token-c4n4ry"}"#))].concat();
    let signed = "https://storage.example/blob?signature=c4n4ry";
    for (case, rules) in [
        ("a registry that repeats the token", denied(Rule::new("/v2/", [Step::status(403, echo)]))),
        ("a realm that repeats the password", guarded(Step::status(401, "password-c4n4ry"))),
        ("a realm that fails", guarded(Step::status(503, "password-c4n4ry"))),
        ("a token that is none", guarded(Step::status(200, "token-c4n4ry"))),
        ("a token of another type", guarded(Step::status(200, r#"{"token":["token-c4n4ry"]}"#))),
        (
            "a signed address that fails",
            vec![
                Rule::new("/blobs/", [Step::header(307, "location", signed)]).at("registry.example"),
                Rule::new("", [Step::status(500, signed)]).at("storage.example"),
            ],
        ),
        (
            "a signed address that is gone",
            vec![
                Rule::new("/blobs/", [Step::header(307, "location", signed)]).at("registry.example"),
                Rule::new("", [Step::Reset]).at("storage.example"),
            ],
        ),
    ] {
        let said = Planted { rules, ..Planted::new() }.run().await;
        said.assert_silent(case);
        assert_ne!(said.code, Some(0), "{case}: {:#?}", said.all);
    }
    let refused = vec![Rule::new("CONNECT", [Step::status(407, "proxy-c4n4ry")])];
    let said = Planted { rules: refused, ..Planted::new() }.run().await;
    said.assert_silent("a proxy that refuses");
    assert_ne!(said.code, Some(0), "{:#?}", said.all);
    let said = Planted { proxy: Proxy::Unreachable, ..Planted::new() }.run().await;
    said.assert_silent("a proxy that is not there");
    assert_eq!(said.code, Some(75), "{:#?}", said.all);
}
