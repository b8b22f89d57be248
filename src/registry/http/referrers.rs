//! Referrers over HTTP: the API, page by page, or the fallback tag where there is no API.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LINK};
use url::Url;

use super::exchange::Reply;
use super::{Http, Wanted, text};
use crate::model::PinnedRef;
use crate::registry::{Cause, Descriptor, Manifest, MediaType, RegistryError, Transport, referrers};

/// Pages that are read: enough for any limit at a page of ten.
const MAX_PAGES: usize = 100;

/// One page, or that there is no API.
enum Page {
    Listed { descriptors: Vec<Descriptor>, bytes: u64, next: Option<String> },
    NoApi,
}

impl Http {
    pub(super) async fn list_referrers(
        &self,
        subject: &PinnedRef,
        limit: usize,
    ) -> Result<Vec<Descriptor>, RegistryError> {
        let first = format!("referrers/{}", subject.digest);
        let mut path = first.clone();
        let mut found = Vec::new();
        // All pages together are one document: their annotations are held for the rest of the run.
        let mut left = self.limits.manifest_bytes;
        for _ in 0..MAX_PAGES {
            let wanted = Wanted {
                method: Method::GET,
                repository: &subject.repository,
                path: path.clone(),
                accept: MediaType::OciIndex.as_str(),
                cap: left,
            };
            let page = match self.ask(&wanted, |reply| read_page(reply, &first)).await {
                Ok(page) => page,
                Err(error) if found.is_empty() && says_no_api(&error.cause) => Page::NoApi,
                Err(error) => return Err(error),
            };
            let too_many = |things| {
                let object = crate::registry::referrers_object(subject);
                RegistryError::new(
                    subject.repository.registry(),
                    object,
                    Cause::TooMany { cap: limit, things },
                )
            };
            match page {
                Page::NoApi => {
                    let listed = self.fallback(subject).await?;
                    return if listed.len() > limit { Err(too_many("referrers")) } else { Ok(listed) };
                }
                Page::Listed { descriptors, bytes, next } => {
                    left = left.saturating_sub(bytes);
                    found.extend(descriptors);
                    if found.len() > limit {
                        return Err(too_many("referrers"));
                    }
                    match next {
                        Some(next) => path = next,
                        None => return Ok(found),
                    }
                }
            }
        }
        let (registry, object) = (subject.repository.registry(), crate::registry::referrers_object(subject));
        let cause = Cause::TooMany { cap: MAX_PAGES, things: "pages of referrers" };
        Err(RegistryError::new(registry, object, cause))
    }

    async fn fallback(&self, subject: &PinnedRef) -> Result<Vec<Descriptor>, RegistryError> {
        let reference = subject.attached("");
        match self.manifest(&reference, self.limits.manifest_bytes).await {
            Ok(list) => referrers::listed(list).map_err(|cause| {
                let object = crate::registry::manifest_object("GET", &reference);
                RegistryError::new(subject.repository.registry(), object, cause)
            }),
            Err(error) if error.is_absent() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// These say that there is no such API; anything else says nothing.
fn says_no_api(cause: &Cause) -> bool {
    match cause {
        Cause::Absent => true,
        Cause::Refused { status, .. } => matches!(status, 400 | 405 | 406 | 501),
        _ => false,
    }
}

fn read_page(reply: Reply, first: &str) -> Result<Page, Cause> {
    if MediaType::named(text(&reply.headers, &CONTENT_TYPE)) != Some(MediaType::OciIndex) {
        return Ok(Page::NoApi);
    }
    let next = next_link(&reply.headers, &reply.url, first)?;
    let bytes = reply.body.len() as u64;
    let list = Manifest::read(reply.body, MediaType::OciIndex.as_str()).map_err(Cause::Malformed)?;
    Ok(Page::Listed { descriptors: referrers::listed(list)?, bytes, next })
}

/// `Link: <address>; rel="next"`: another page of the same list on the same host, or it is refused.
fn next_link(headers: &HeaderMap, at: &Url, first: &str) -> Result<Option<String>, Cause> {
    let link = text(headers, &LINK);
    let Some((target, _)) = link.strip_prefix('<').and_then(|it| it.split_once('>')) else { return Ok(None) };
    if !link.contains("next") {
        return Ok(None);
    }
    let elsewhere = || Cause::Forbidden("a page of referrers that lies elsewhere".to_owned());
    let next = at.join(target).map_err(|_| elsewhere())?;
    let plain = next.username().is_empty() && next.password().is_none();
    if next.host() != at.host() || next.port() != at.port() || next.path() != at.path() || !plain {
        return Err(elsewhere());
    }
    Ok(next.query().map(|query| format!("{first}?{query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(link: &'static str) -> Result<Option<String>, Cause> {
        let mut headers = HeaderMap::new();
        headers.insert(LINK, link.parse().unwrap());
        let at = Url::parse("https://r.example/v2/app/referrers/sha256:00").unwrap();
        next_link(&headers, &at, "referrers/sha256:00")
    }

    #[test]
    fn the_next_page_is_a_query_on_the_same_list() {
        let expected = Ok(Some("referrers/sha256:00?n=2&last=x".to_owned()));
        assert_eq!(next(r#"</v2/app/referrers/sha256:00?n=2&last=x>; rel="next""#), expected);
        let absolute = r#"<https://r.example/v2/app/referrers/sha256:00?n=2&last=x>; rel="next""#;
        assert_eq!(next(absolute), expected);
        assert_eq!(next(r#"</v2/app/referrers/sha256:00?n=2>; rel="prev""#), Ok(None));
        assert_eq!(next(""), Ok(None));
    }

    #[test]
    fn threat_34_a_link_to_elsewhere_is_refused() {
        for link in [
            r#"<https://evil.example/v2/app/referrers/sha256:00?n=2>; rel="next""#,
            r#"<https://r.example:8443/v2/app/referrers/sha256:00?n=2>; rel="next""#,
            r#"</v2/other/referrers/sha256:00?n=2>; rel="next""#,
            r#"</v2/app/referrers/../../_catalog?n=2>; rel="next""#,
            r#"<//evil.example/v2/app/referrers/sha256:00?n=2>; rel="next""#,
            r#"<https://user:secret@r.example/v2/app/referrers/sha256:00?n=2>; rel="next""#,
        ] {
            assert!(matches!(next(link), Err(Cause::Forbidden(_))), "{link}");
        }
    }

    #[test]
    fn only_a_definite_no_leads_to_the_fallback_tag() {
        let refused = |status| Cause::Refused { status, code: String::new() };
        let unavailable = |status| Cause::Unavailable { status, retry_after: None, code: String::new() };
        for cause in [Cause::Absent, refused(400), refused(405), refused(406), refused(501)] {
            assert!(says_no_api(&cause), "{cause}");
        }
        let denied =
            Cause::Denied { status: 401, token: crate::registry::TokenExchange::Done, code: String::new() };
        for cause in
            [denied, refused(418), unavailable(503), unavailable(429), Cause::Connection(String::new())]
        {
            assert!(!says_no_api(&cause), "{cause}");
        }
    }
}
