//! A store's URL, which nobody sees whole by accident.

use std::fmt;

use url::form_urlencoded;

/// What stands for a secret where one would be shown.
pub(super) const MASK: &str = "***";

/// The URL of a store. `Debug` and `Display` mask what is secret in it; [`StoreUrl::expose`] does not.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(String);

/// The schemes that a setting takes.
pub(super) struct Schemes {
    /// Those accepted, without `://`.
    pub(super) accepted: &'static [&'static str],
    /// Those named to the reader: aliases left out.
    pub(super) named: &'static str,
    /// How such a URL is written.
    pub(super) example: &'static str,
}

impl Schemes {
    /// The scheme and the rest of `text`, if the scheme is one of these. `text` is never quoted: what stands in the
    /// wrong place may be a password.
    pub(super) fn split<'a>(&self, text: &'a str) -> Result<(&'a str, &'a str), String> {
        let is_scheme = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
        match text.split_once("://") {
            Some((scheme, rest)) if self.accepted.contains(&scheme) => Ok((scheme, rest)),
            Some((scheme, _)) if is_scheme(scheme) => Err(format!(
                "has the scheme {scheme}://, which Polygraph has no adapter for. Supported: {}.",
                self.named
            )),
            _ => Err(format!("is not a URL. Write it like {}.", self.example)),
        }
    }
}

impl StoreUrl {
    /// Reads a URL of one of `schemes`.
    ///
    /// It must be unambiguous where its password ends: masking is exact for every `StoreUrl` that exists.
    pub(super) fn parse(text: &str, schemes: &Schemes) -> Result<Self, String> {
        let (scheme, rest) = schemes.split(text)?;
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("holds white space. Write it as %20, or remove it.".to_owned());
        }
        let (authority, tail) = split_authority(rest);
        if tail.contains('@') {
            return Err("has an `@` after its host. In a user name, a password or a parameter write `/` as %2F, \
                        `?` as %3F, `#` as %23 and `@` as %40."
                .to_owned());
        }
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        // PostgreSQL alone may name its host, or a socket's directory, in a parameter.
        if host.is_empty() && !scheme.starts_with("postgres") {
            return Err(format!("names no host. Write it like {}.", schemes.example));
        }
        // MongoDB's own form has several hosts, which is no URL to anybody else.
        if !scheme.starts_with("mongodb")
            && let Err(fault) = url::Url::parse(text)
        {
            return Err(format!("is not a URL ({fault}). Write it like {}.", schemes.example));
        }
        Ok(Self(text.to_owned()))
    }

    /// The URL with its secrets, for the driver's eyes only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// `text` with its password and its secret parameters masked; all of it where it is unclear what those are.
pub(super) fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return MASK.to_owned();
    };
    let (authority, tail) = split_authority(rest);
    if tail.contains('@') {
        return format!("{scheme}://{MASK}");
    }
    let authority = match authority.rsplit_once('@') {
        None => authority.to_owned(),
        Some((userinfo, host)) => match userinfo.split_once(':') {
            Some((user, _)) => format!("{user}:{MASK}@{host}"),
            // A lone user is masked, too: people put tokens there.
            None => format!("{MASK}@{host}"),
        },
    };
    let tail = match tail.split_once('?') {
        None => tail.to_owned(),
        Some((path, query)) => {
            let query: Vec<_> = query.split('&').map(masked_parameter).collect();
            format!("{path}?{}", query.join("&"))
        }
    };
    format!("{scheme}://{authority}{tail}")
}

fn split_authority(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

fn masked_parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if looks_secret(name) => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    }
}

/// Whether a parameter of this name may hold a secret; drivers read names percent-decoded, so that is done here, too.
fn looks_secret(name: &str) -> bool {
    const PARTS: [&str; 9] =
        ["pass", "pwd", "secret", "token", "key", "credential", "auth_", "signature", "authmechanismproperties"];
    form_urlencoded::parse(name.as_bytes()).any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        PARTS.iter().any(|part| name.contains(part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMES: Schemes = Schemes {
        accepted: &["postgres", "mongodb", "https", "redis"],
        named: "postgres://",
        example: "postgres://user:password@host:5432/database",
    };

    fn parse(text: &str) -> Result<StoreUrl, String> {
        StoreUrl::parse(text, &SCHEMES)
    }

    #[test]
    fn secrets_are_masked_and_the_rest_is_shown() {
        for (url, shown) in [
            ("postgres://ada:s3cret@db:5432/app?sslmode=require", "postgres://ada:***@db:5432/app?sslmode=require"),
            ("postgres://ada:s3c@ret@db/app", "postgres://ada:***@db/app"),
            ("postgres://ada:s3cret:more@db", "postgres://ada:***@db"),
            ("postgres:///app?host=/run/pg&password=s3cret#s3cret", "postgres:///app?host=/run/pg&password=***"),
            ("postgres://db/app?p%61ssword=s3cret", "postgres://db/app?p%61ssword=***"),
            ("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0"),
            ("redis://s3cret@cache", "redis://***@cache"),
            ("https://search:9200/?api_key=s3cret&pretty", "https://search:9200/?api_key=***&pretty"),
            (
                "mongodb://ada:s3cret@a:1,b:2/app?replicaSet=rs0&authSource=admin&tlsCertificateKeyFilePassword=s3cret",
                "mongodb://ada:***@a:1,b:2/app?replicaSet=rs0&authSource=admin&tlsCertificateKeyFilePassword=***",
            ),
            (
                "mongodb://a/?authMechanismProperties=AWS_SESSION_TOKEN:s3cret",
                "mongodb://a/?authMechanismProperties=***",
            ),
        ] {
            let parsed = parse(url).expect(url);
            assert_eq!(parsed.to_string(), shown);
            assert_eq!(format!("{parsed:?}"), format!("StoreUrl({shown})"));
            assert_eq!(parsed.expose(), url);
        }
    }

    #[test]
    fn a_url_whose_password_has_no_clear_end_is_refused_unquoted() {
        for url in [
            "postgres://ada:s3cret/@db/app",
            "postgres://ada:s3c?ret@db/app",
            "postgres://ada:s3c#ret@db/app",
            "postgres://db/app?password=s3c@ret",
            "postgres:/ada:s3cret@db",
            "s3cret",
            "ada:s3cret@db://x",
            "postgres://ada:s3c ret@db",
            "redis://ada:s3cret@",
            "https://ada:s3cret@",
            "https://ada:s3cret@db:99999",
            "https://ada:s3c\\ret@db",
            "",
        ] {
            let fault = parse(url).expect_err(url);
            assert!(!fault.contains("s3c"), "{fault}");
        }
        assert_eq!(
            parse("postgres://ada:s3cret/@db").map_err(|fault| fault.contains("%2F")),
            Err(true),
            "the sentence says how a slash is written"
        );
    }

    #[test]
    fn another_scheme_is_answered_with_those_supported() {
        assert_eq!(
            parse("mysql://ada:s3cret@db/app"),
            Err("has the scheme mysql://, which Polygraph has no adapter for. Supported: postgres://.".to_owned())
        );
    }
}
