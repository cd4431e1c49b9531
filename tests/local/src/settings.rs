//! What the stack tells its functions: where AWS, Salesforce and Genesys Cloud are, and how to log in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value as Json;

use crate::aws_front::StoredParameter;
use crate::fakes::Credentials;
use crate::template::{self, ACCOUNT, REGION, Template};

/// The partner event bus of the local stack, and the source of its events.
pub(crate) const PARTNER_BUS: &str = "aws.partner/genesys.com/cloud/local/stack";

/// The functions' surroundings.
pub(crate) struct Surroundings<'a> {
    pub(crate) aws_url: &'a str,
    pub(crate) salesforce_url: &'a str,
    pub(crate) genesys_cloud_url: &'a str,
    /// The longest that a message is delayed here: what is waited for by a delay is as short.
    pub(crate) longest_delay: Duration,
    /// What the user sets; stronger than everything else.
    pub(crate) overrides: &'a BTreeMap<String, String>,
}

/// Settings of a function that say how to log in without Secrets Manager, by the setting that
/// names the secret.
const CREDENTIALS_IN_SETTINGS: [(&str, &str); 2] =
    [("SALESFORCE_SECRET_ARN", "SALESFORCE_CLIENT_ID"), ("GENESYS_CLOUD_SECRET_ARN", "GENESYS_CLOUD_CLIENT_ID")];

impl Surroundings<'_> {
    /// All environment variables of a function. It is told only of what its template gives it:
    /// one without Genesys Cloud credentials there has none here.
    pub(crate) fn environment(&self, function: &template::Function) -> Vec<(String, String)> {
        let mut environment = function.environment.clone();
        let mut replace = |has: &str, name: &str, value: &str| {
            if function.environment.contains_key(has) {
                environment.insert(name.to_owned(), value.to_owned());
            }
        };
        replace("SALESFORCE_LOGIN_URL", "SALESFORCE_LOGIN_URL", self.salesforce_url);
        replace("SALESFORCE_SECRET_ARN", "SALESFORCE_SECRET_ARN", &secret_arn("salesforce"));
        // URLs are stronger than the region, which says where a real organization is.
        if region(self.overrides).is_none() {
            replace("GENESYS_CLOUD_REGION", "GENESYS_CLOUD_LOGIN_URL", self.genesys_cloud_url);
            replace("GENESYS_CLOUD_REGION", "GENESYS_CLOUD_API_URL", self.genesys_cloud_url);
        }
        replace("GENESYS_CLOUD_SECRET_ARN", "GENESYS_CLOUD_SECRET_ARN", &secret_arn("genesys-cloud"));
        let grace = format!("{}ms", self.longest_delay.as_millis());
        replace("CHAT_CLOSING_GRACE", "CHAT_CLOSING_GRACE", &grace);
        for (secret, client_id) in CREDENTIALS_IN_SETTINGS {
            if self.overrides.contains_key(client_id) {
                environment.remove(secret);
            }
        }
        let aws = [
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL", self.aws_url),
        ];
        environment.extend(aws.map(|(name, value)| (name.to_owned(), value.to_owned())));
        environment.extend(self.overrides.clone());
        environment.into_iter().collect()
    }
}

/// The region of the real organization that the user means, if they name one.
pub(crate) fn region(overrides: &BTreeMap<String, String>) -> Option<&str> {
    overrides.get("GENESYS_CLOUD_REGION").map(String::as_str)
}

fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-local")
}

/// What Secrets Manager holds, by ARN.
pub(crate) fn secrets(credentials: Credentials) -> BTreeMap<String, Json> {
    BTreeMap::from([
        (secret_arn("salesforce"), credentials.salesforce),
        (secret_arn("genesys-cloud"), credentials.genesys_cloud),
    ])
}

/// What the parameter store holds: the template's parameters, and in place of the one that
/// `GHOST_POLICY` names, the policy file if one is given.
pub(crate) fn stored_parameters(template: &Template, policy: Option<&Path>) -> BTreeMap<String, StoredParameter> {
    let texts = template.stored_parameters.iter();
    let mut parameters: BTreeMap<_, _> =
        texts.map(|(name, text)| (name.clone(), StoredParameter::Text(text.clone()))).collect();
    let Some(policy) = policy else {
        return parameters;
    };
    let settings = template.functions.iter().filter_map(|function| function.environment.get("GHOST_POLICY"));
    for name in settings.filter_map(|setting| setting.strip_prefix("ssm:")) {
        parameters.insert(name.to_owned(), StoredParameter::File(PathBuf::from(policy)));
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(names: &[&str]) -> template::Function {
        let environment = names.iter().map(|name| ((*name).to_owned(), "template".to_owned()));
        template::Function {
            name: "Worker".to_owned(),
            binary: "worker".to_owned(),
            timeout_seconds: 3,
            memory_mb: 128,
            reserved_concurrency: None,
            environment: environment.collect(),
            asynchronous_retries: 2,
            on_failure_queue: None,
        }
    }

    fn environment(names: &[&str], overrides: &[(&str, &str)]) -> BTreeMap<String, String> {
        let overrides = overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let surroundings = Surroundings {
            aws_url: "http://aws",
            salesforce_url: "http://salesforce",
            genesys_cloud_url: "http://genesys",
            longest_delay: Duration::from_millis(100),
            overrides: &overrides.collect(),
        };
        surroundings.environment(&function(names)).into_iter().collect()
    }

    #[test]
    fn a_function_is_told_only_of_what_its_template_gives_it() {
        let names = ["SALESFORCE_LOGIN_URL", "SALESFORCE_SECRET_ARN", "CHAT_CLOSING_GRACE", "OTHER"];
        let told = environment(&names, &[]);
        assert_eq!(told["SALESFORCE_LOGIN_URL"], "http://salesforce");
        assert_eq!(told["SALESFORCE_SECRET_ARN"], secret_arn("salesforce"));
        assert_eq!(told["CHAT_CLOSING_GRACE"], "100ms");
        assert_eq!(told["OTHER"], "template");
        assert_eq!(told["AWS_ENDPOINT_URL"], "http://aws");
        assert!(!told.keys().any(|name| name.starts_with("GENESYS_CLOUD")));
    }

    #[test]
    fn a_region_means_the_real_organization() {
        let names = ["GENESYS_CLOUD_REGION", "GENESYS_CLOUD_SECRET_ARN"];
        let told = environment(&names, &[]);
        assert_eq!([&told["GENESYS_CLOUD_LOGIN_URL"], &told["GENESYS_CLOUD_API_URL"]], ["http://genesys"; 2]);
        let told = environment(&names, &[("GENESYS_CLOUD_REGION", "mypurecloud.ie")]);
        assert_eq!(told["GENESYS_CLOUD_REGION"], "mypurecloud.ie");
        assert!(!told.keys().any(|name| name.ends_with("_URL") && name.starts_with("GENESYS_CLOUD")), "{told:?}");
    }

    #[test]
    fn what_the_user_sets_is_stronger() {
        let names = ["SALESFORCE_LOGIN_URL", "SALESFORCE_SECRET_ARN"];
        let told = environment(&names, &[("SALESFORCE_CLIENT_ID", "mine"), ("NEW", "value")]);
        assert_eq!(told["SALESFORCE_CLIENT_ID"], "mine");
        assert_eq!(told["NEW"], "value");
        assert!(!told.contains_key("SALESFORCE_SECRET_ARN"), "or it would win");
    }
}
