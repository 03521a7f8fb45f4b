//! Text as bytes and back, and searches in long text.

mod base64;
mod plain_lines;
#[allow(unsafe_code, reason = "QuickJS's strings are not all UTF-8")]
mod wtf8;

pub use wtf8::Text;

use super::{Bytes, array, push_bytes, strings, view};
use memchr::memmem;
use rquickjs::{Array, Ctx, Function, IntoJs, Object, Result, String as JsString, TypedArray, Value};

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("encodeUtf8", Function::new(ctx.clone(), encode_utf8)?)?;
    host.set("decodeUtf8", Function::new(ctx.clone(), decode_utf8)?)?;
    host.set("encodeLatin1", Function::new(ctx.clone(), encode_latin1)?)?;
    host.set("decodeLatin1", Function::new(ctx.clone(), decode_latin1)?)?;
    host.set(
        "decodeBase64",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, text: Text<'js>| array(&ctx, base64::decode(text.bytes())))?,
    )?;
    host.set("includesAny", Function::new(ctx.clone(), includes_any)?)?;
    host.set("indexOf", Function::new(ctx.clone(), index_of)?)?;
    host.set("isText", Function::new(ctx.clone(), |text: Text<'js>| is_text(text.bytes()))?)?;
    host.set("joinEnded", Function::new(ctx.clone(), join_ended)?)?;
    host.set("plainFile", Function::new(ctx.clone(), plain_file)?)?;
    host.set(
        "plainLines",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, text: Text<'js>| {
            TypedArray::new(ctx, plain_lines::find(text.bytes()))
        })?,
    )?;
    Ok(())
}

/// `undefined` for a file that has other lines or one of the words, and for what is not UTF-8.
fn plain_file<'js>(ctx: Ctx<'js>, bytes: Bytes<'js>, unless: Vec<Text<'js>>) -> Result<Value<'js>> {
    let bytes = view(&bytes);
    let is_other = unless.iter().any(|word| memmem::find(bytes, word.bytes()).is_some());
    let text = if is_other { None } else { std::str::from_utf8(bytes).ok() };
    let Some(lines) = text.and_then(plain_lines::all) else {
        return Ok(Value::new_undefined(ctx));
    };
    let file = Object::new(ctx.clone())?;
    file.set("names", strings::array_of(&ctx, lines.iter().map(|(line, name)| &line[..*name]))?)?;
    file.set("assignments", strings::array_of(&ctx, lines.iter().map(|(line, _)| *line))?)?;
    file.into_js(&ctx)
}

/// Each with a NUL behind it: `bytes` are byte strings.
fn join_ended<'js>(ctx: Ctx<'js>, bytes: Array<'js>, texts: Array<'js>) -> Result<Value<'js>> {
    let mut block = Vec::new();
    for text in bytes.iter::<Text>() {
        push_bytes(&mut block, &text?.to_utf8());
        block.push(0);
    }
    for text in texts.iter::<Text>() {
        block.extend_from_slice(text?.to_utf8().as_bytes());
        block.push(0);
    }
    array(&ctx, block)
}

fn encode_utf8<'js>(ctx: Ctx<'js>, text: Text<'js>) -> Result<Value<'js>> {
    array(&ctx, text.to_utf8().into_owned().into_bytes())
}

/// `undefined` for what is not UTF-8, if that is to be fatal.
fn decode_utf8<'js>(ctx: Ctx<'js>, bytes: Bytes<'js>, is_fatal: bool) -> Result<Value<'js>> {
    let bytes = view(&bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => JsString::from_str(ctx.clone(), text)?.into_js(&ctx),
        Err(_) if is_fatal => Ok(Value::new_undefined(ctx)),
        Err(_) => JsString::from_str(ctx.clone(), &String::from_utf8_lossy(bytes))?.into_js(&ctx),
    }
}

/// The lower byte of each UTF-16 unit.
fn encode_latin1<'js>(ctx: Ctx<'js>, text: Text<'js>) -> Result<Value<'js>> {
    let bytes = text.bytes();
    if bytes.is_ascii() {
        return array(&ctx, bytes.to_vec());
    }
    array(&ctx, wtf8::units(bytes).map(|unit| unit as u8).collect())
}

fn decode_latin1<'js>(ctx: Ctx<'js>, bytes: Bytes<'js>) -> Result<Value<'js>> {
    JsString::from_str(ctx.clone(), &super::to_byte_string(view(&bytes)))?.into_js(&ctx)
}

/// To take the text over is what takes the time, so one call looks for all parts.
fn includes_any(text: Text<'_>, parts: Vec<Text<'_>>) -> bool {
    parts.iter().any(|part| memmem::find(text.bytes(), part.bytes()).is_some())
}

/// In UTF-16 units; -1 for none.
fn index_of(text: Text<'_>, part: Text<'_>) -> i32 {
    let Some(at) = memmem::find(text.bytes(), part.bytes()) else { return -1 };
    let before = &text.bytes()[..at];
    let units = if before.is_ascii() { at } else { wtf8::units(before).count() };
    i32::try_from(units).expect("QuickJS's strings have less than 2^30 units")
}

/// Whether text holds no control characters other than white space, and no U+FFFD.
fn is_text(bytes: &[u8]) -> bool {
    let has_control = bytes.iter().fold(false, |found, &byte| found | (byte < 0x09) | ((0x0e..0x20).contains(&byte)));
    !has_control && memmem::find(bytes, "\u{fffd}".as_bytes()).is_none()
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn control_characters_and_replacement_characters_make_binary_of_text() {
        for character in (0..0x20u8).map(char::from) {
            let text = format!("a{character}b");
            assert_eq!(is_text(text.as_bytes()), ('\t'..='\r').contains(&character), "{character:?}");
        }
        assert!(is_text("\u{7f}ä\u{fffc}".as_bytes()));
        assert!(!is_text("a\u{fffd}".as_bytes()));
    }
}
