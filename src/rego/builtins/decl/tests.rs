use std::path::PathBuf;

use serde_json::Value as Json;

use super::*;

fn shared(path: &str) -> Option<Json> {
    let root = std::env::var_os("EC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = root.join(path);
    let Ok(bytes) = std::fs::read(&file) else {
        println!("skipped: {path}: {} not found", file.display());
        return None;
    };
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn printed(json: &Json) -> String {
    let list = |key: &str| -> Vec<String> {
        json[key].as_array().map_or(Vec::new(), |it| it.iter().map(printed).collect())
    };
    let angled = |items: Vec<String>| match items.as_slice() {
        [] => String::new(),
        some => format!("<{}>", some.join(", ")),
    };
    match json["type"].as_str().unwrap() {
        "any" => format!("any{}", angled(list("of"))),
        "set" => format!("set[{}]", printed(&json["of"])),
        "array" => {
            let rest = json.get("dynamic").map(|it| format!("[{}]", printed(it)));
            format!("array{}{}", angled(list("static")), rest.unwrap_or_default())
        }
        "object" => {
            let known = json["static"].as_array().cloned().unwrap_or_default();
            let known =
                known.iter().map(|it| format!("{}: {}", it["key"].as_str().unwrap(), printed(&it["value"])));
            let rest =
                json.get("dynamic").map(|it| format!("[{}: {}]", printed(&it["key"]), printed(&it["value"])));
            format!("object{}{}", angled(known.collect()), rest.unwrap_or_default())
        }
        "function" => {
            let variadic = json.get("variadic").map(|it| format!("{}...", printed(it)));
            let args = list("args").into_iter().chain(variadic).collect::<Vec<_>>().join(", ");
            format!("({args}) => {}", json.get("result").map_or("???".to_owned(), printed))
        }
        scalar => scalar.to_owned(),
    }
}

#[test]
fn the_table_says_what_the_capabilities_of_opa_say() {
    let Some(capabilities) = shared("conformance/capabilities.json") else { return };
    let builtins = capabilities["builtins"].as_array().unwrap();
    for builtin in builtins {
        let name = builtin["name"].as_str().unwrap();
        let ours = find(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(ours.ty.to_string(), printed(&builtin["decl"]), "{name}");
        assert_eq!(ours.infix, builtin["infix"].as_str(), "{name}");
        let mark = |key: &str| builtin[key].as_bool().unwrap_or(false);
        let ours = (ours.relation, ours.deprecated, ours.nondeterministic);
        assert_eq!(ours, (mark("relation"), mark("deprecated"), mark("nondeterministic")), "{name}");
    }
    assert_eq!(all().count(), builtins.len() + 1, "the one besides is conftest's");
}

#[test]
fn what_reaches_outside_is_known_but_not_offered() {
    let refused: Vec<_> = all().filter(|it| !it.is_offered()).collect();
    assert_eq!(refused.len(), NOT_OFFERED.len());
}
