use serde_json::json;

use super::*;

fn event() -> Json {
    json!({
        "source": "aws.partner/genesys.com/cloud/o/s",
        "detail-type": "v2.detail.events.conversation.{id}.user.start",
        "resources": ["one", "two"],
        "detail": {
            "state": "initializing",
            "file": "Photo.PNG",
            "number": 300,
            "ratio": 0.5,
            "nothing": null,
            "truth": true,
            "tags": ["red", "green"],
            "empty": "",
            "legs": [
                { "media": "voice", "held": true },
                { "media": "email", "held": false }
            ]
        }
    })
}

#[test]
fn patterns_match_as_in_eventbridge() {
    let cases = [
        // Exact values.
        (json!({"detail-type": ["v2.detail.events.conversation.{id}.user.start"]}), true),
        (json!({"source": ["other", "aws.partner/genesys.com/cloud/o/s"]}), true),
        (json!({"source": ["aws.partner"]}), false),
        (json!({"source": ["aws.partner/genesys.com/cloud/o/s"], "detail": {"state": ["running"]}}), false),
        (json!({"detail": {"number": [300]}}), true),
        (json!({"detail": {"number": [300.0]}}), false),
        (json!({"detail": {"number": ["300"]}}), false),
        (json!({"detail": {"nothing": [null]}}), true),
        (json!({"detail": {"missing": [null]}}), false),
        (json!({"detail": {"truth": [true]}}), true),
        (json!({"detail": {"empty": [""]}}), true),
        // Arrays: one element is enough.
        (json!({"resources": ["two"]}), true),
        (json!({"resources": ["three"]}), false),
        (json!({"detail": {"legs": {"media": ["email"]}}}), true),
        (json!({"detail": {"legs": {"media": ["email"], "held": [true]}}}), false),
        (json!({"detail": {"legs": {"media": ["voice"], "held": [true]}}}), true),
        // Prefix and suffix.
        (json!({"source": [{"prefix": "aws.partner/genesys.com"}]}), true),
        (json!({"source": [{"prefix": "aws.partner/other"}]}), false),
        (json!({"source": [{"prefix": {"equals-ignore-case": "AWS."}}]}), true),
        (json!({"detail": {"file": [{"suffix": ".PNG"}]}}), true),
        (json!({"detail": {"file": [{"suffix": ".png"}]}}), false),
        (json!({"detail": {"file": [{"suffix": {"equals-ignore-case": ".png"}}]}}), true),
        (json!({"detail": {"number": [{"prefix": "3"}]}}), false),
        (json!({"detail": {"file": [{"equals-ignore-case": "PHOTO.png"}]}}), true),
        // Anything but.
        (json!({"detail": {"state": [{"anything-but": "running"}]}}), true),
        (json!({"detail": {"state": [{"anything-but": ["running", "initializing"]}]}}), false),
        (json!({"detail": {"number": [{"anything-but": 300}]}}), false),
        (json!({"detail": {"state": [{"anything-but": {"prefix": "init"}}]}}), false),
        (json!({"detail": {"state": [{"anything-but": {"prefix": ["run", "stop"]}}]}}), true),
        (json!({"detail": {"state": [{"anything-but": {"suffix": "ing"}}]}}), false),
        (json!({"detail": {"state": [{"anything-but": {"equals-ignore-case": "INITIALIZING"}}]}}), false),
        (json!({"detail": {"state": [{"anything-but": {"wildcard": "*tial*"}}]}}), false),
        (json!({"detail": {"missing": [{"anything-but": "x"}]}}), false),
        (json!({"detail": {"tags": [{"anything-but": "red"}]}}), true),
        // Existence, of leaves.
        (json!({"detail": {"missing": [{"exists": false}]}}), true),
        (json!({"detail": {"state": [{"exists": false}]}}), false),
        (json!({"detail": {"nothing": [{"exists": true}]}}), true),
        (json!({"detail": {"missing": {"deeper": [{"exists": false}]}}}), true),
        (json!({"detail": {"missing": {"deeper": [{"exists": true}]}}}), false),
        (json!({"detail": [{"exists": true}]}), false),
        // Numbers.
        (json!({"detail": {"number": [{"numeric": [">", 0, "<=", 300]}]}}), true),
        (json!({"detail": {"number": [{"numeric": ["<", 300]}]}}), false),
        (json!({"detail": {"number": [{"numeric": ["=", 3.0e2]}]}}), true),
        (json!({"detail": {"ratio": [{"numeric": [">=", 0.5]}]}}), true),
        (json!({"detail": {"state": [{"numeric": [">", 0]}]}}), false),
        // Wildcards.
        (json!({"detail-type": [{"wildcard": "v2.*.user.*"}]}), true),
        (json!({"detail-type": [{"wildcard": "v2.*.user"}]}), false),
        (json!({"detail": {"file": [{"wildcard": "Photo.PNG"}]}}), true),
        (json!({"detail": {"file": [{"wildcard": "Photo\\*"}]}}), false),
        (json!({"detail": {"empty": [{"wildcard": "*"}]}}), true),
        // Alternatives.
        (json!({"$or": [{"source": ["other"]}, {"detail": {"state": ["initializing"]}}]}), true),
        (json!({"detail": {"$or": [{"state": ["running"]}, {"number": [{"numeric": [">", 999]}]}]}}), false),
        (json!({"detail": {"truth": [true], "$or": [{"state": ["running"]}, {"number": [300]}]}}), true),
        // Several filters on one field: one is enough.
        (json!({"detail": {"missing": ["x", {"exists": false}]}}), true),
    ];
    for (pattern, expected) in cases {
        let parsed = Pattern::parse(&pattern).expect("a valid pattern");
        assert_eq!(parsed.matches(&event()), expected, "{pattern}");
    }
}

#[test]
fn invalid_patterns_are_refused_with_the_field() {
    let cases = [
        (json!({}), "$:"),
        (json!(["x"]), "$:"),
        (json!({"source": "aws"}), "$.source:"),
        (json!({"source": []}), "$.source:"),
        (json!({"detail": {"a": [{"sounds-like": "b"}]}}), "$.detail.a: has the unknown filter"),
        (json!({"detail": {"a": [{"prefix": 1}]}}), "$.detail.a:"),
        (json!({"detail": {"a": [{"numeric": [">"]}]}}), "$.detail.a:"),
        (json!({"detail": {"a": [{"numeric": ["~", 1]}]}}), "$.detail.a:"),
        (json!({"detail": {"a": [{"wildcard": "a**b"}]}}), "$.detail.a: has consecutive"),
        (json!({"detail": {"a": [{"wildcard": "a\\b"}]}}), "$.detail.a: escapes"),
        (json!({"$or": [{"source": ["a"]}]}), "$.$or:"),
        (json!({"detail": {"a": [{"prefix": "a", "suffix": "b"}]}}), "$.detail.a:"),
    ];
    for (pattern, expected) in cases {
        let message = Pattern::parse(&pattern).expect_err("an invalid pattern").to_string();
        assert!(message.contains(expected), "{message} should contain {expected}");
    }
}
