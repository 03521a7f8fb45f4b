//! URLs as the WHATWG wants them, by the `url` crate. <https://url.spec.whatwg.org/>

mod repairs;

use super::text::Text;
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, Value};
use url::{Url, form_urlencoded, quirks};

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("parseUrl", Function::new(ctx.clone(), parse)?)?;
    host.set("changeUrl", Function::new(ctx.clone(), change)?)?;
    host.set("parseForm", Function::new(ctx.clone(), parse_form)?)?;
    host.set("formatForm", Function::new(ctx.clone(), format_form)?)?;
    Ok(())
}

/// `undefined` for what is not a URL.
fn parse<'js>(ctx: Ctx<'js>, text: Text<'js>, base: Option<Text<'js>>) -> Result<Value<'js>> {
    let parsed = match base {
        None => parse_whole(&text.to_utf8()),
        Some(base) => parse_whole(&base.to_utf8()).and_then(|base| resolve(&text.to_utf8(), &base)),
    };
    match parsed {
        Some(url) => record(&ctx, &url),
        None => Ok(Value::new_undefined(ctx)),
    }
}

fn parse_whole(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| !repairs::is_refused(text, url))
}

fn resolve(text: &str, base: &Url) -> Option<Url> {
    base.join(&repairs::relative(text, base)).ok().filter(|url| !repairs::is_refused(text, url))
}

/// `undefined` for what changes nothing.
fn change<'js>(ctx: Ctx<'js>, href: String, part: String, value: Text<'js>) -> Result<Value<'js>> {
    let value = value.to_utf8();
    let Ok(mut url) = Url::parse(&href) else { return Ok(Value::new_undefined(ctx)) };
    let url_mut = &mut url;
    let changed = match part.as_str() {
        "protocol" => quirks::set_protocol(url_mut, &value),
        "username" => quirks::set_username(url_mut, &value),
        "password" => quirks::set_password(url_mut, &value),
        "host" => quirks::set_host(url_mut, &value).and_then(|()| repairs::check_host(url_mut, &value)),
        "hostname" => quirks::set_hostname(url_mut, &value).and_then(|()| repairs::check_host(url_mut, &value)),
        // Nothing at all takes the port away, and white space alone is not a port.
        "port" if !value.is_empty() && repairs::without_line_ends(&value).is_empty() => Err(()),
        "port" => quirks::set_port(url_mut, &value),
        "pathname" => {
            quirks::set_pathname(url_mut, &repairs::without_line_ends(&value));
            Ok(())
        }
        "search" => {
            quirks::set_search(url_mut, &value);
            Ok(())
        }
        "hash" => {
            quirks::set_hash(url_mut, &value);
            Ok(())
        }
        _ => Err(()),
    };
    match changed {
        Ok(()) => record(&ctx, &url),
        Err(()) => Ok(Value::new_undefined(ctx)),
    }
}

/// The text, which is ASCII, and where its parts are; -1 for those it does not have.
fn record<'js>(ctx: &Ctx<'js>, url: &Url) -> Result<Value<'js>> {
    let (text, path) = (url.as_str(), repairs::path_of(url));
    let parts = quirks::internal_components(url);
    let path_end = parts.path_start as usize + url.path().len();
    let (before, dot) = repairs::before_path(url, &path);
    let path_start = before.len() + dot.len();
    let behind = &text[path_end..];
    let or_none = |index: Option<u32>| index.map_or(-1, |at| (path_start + path.len() + at as usize - path_end) as i32);
    let indices = [
        parts.scheme_end as i32,
        parts.username_end as i32,
        parts.host_start as i32,
        parts.host_end as i32,
        parts.port.map_or(-1, i32::from),
        path_start as i32,
        or_none(parts.query_start),
        or_none(parts.fragment_start),
    ];
    let record = Array::new(ctx.clone())?;
    if path_start + path.len() + behind.len() == text.len() {
        record.set(0, text)?;
    } else {
        record.set(0, format!("{before}{dot}{path}{behind}"))?;
    }
    for (at, index) in indices.into_iter().enumerate() {
        record.set(at + 1, index)?;
    }
    record.into_js(ctx)
}

/// Names and values in turn.
fn parse_form(text: Text<'_>) -> Vec<String> {
    form_urlencoded::parse(text.to_utf8().as_bytes())
        .flat_map(|(name, value)| [name.into_owned(), value.into_owned()])
        .collect()
}

fn format_form(pairs: Vec<Text<'_>>) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for pair in pairs.chunks_exact(2) {
        text.append_pair(&pair[0].to_utf8(), &pair[1].to_utf8());
    }
    text.finish()
}
