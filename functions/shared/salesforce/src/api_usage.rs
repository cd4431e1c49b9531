//! The `Sforce-Limit-Info` header: how much of the org's daily API allowance is used, by all its integrations together.

/// API requests of the last 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUsage {
    /// How many there were.
    pub used: u64,
    /// How many there may be.
    pub allowed: u64,
}

impl ApiUsage {
    /// Reads `api-usage=10018/100000`, which `per-app-api-usage=17/250(appName=…)` may follow or precede.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        const NAME: &str = "api-usage=";
        let (start, _) = header.match_indices(NAME).find(|(start, _)| !header[..*start].ends_with('-'))?;
        let (used, rest) = header[start + NAME.len()..].split_once('/')?;
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        Some(Self { used: used.parse().ok()?, allowed: rest[..end].parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orgs_usage_is_told_from_the_apps() {
        let usage = Some(ApiUsage { used: 18, allowed: 5000 });
        for header in [
            "api-usage=18/5000",
            "api-usage=18/5000; per-app-api-usage=17/250(appName=sample-app)",
            "per-app-api-usage=17/250(appName=sample-app); api-usage=18/5000",
        ] {
            assert_eq!(ApiUsage::parse(header), usage, "{header}");
        }
    }

    #[test]
    fn anything_else_is_no_usage() {
        for header in ["", "api-usage=", "api-usage=1", "api-usage=a/b", "per-app-api-usage=17/250", "api-usage=1/"] {
            assert_eq!(ApiUsage::parse(header), None, "{header}");
        }
    }
}
