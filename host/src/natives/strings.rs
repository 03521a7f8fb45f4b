//! Arrays of thousands of strings: to define one property after another takes longer than all else that is done for them.

use rquickjs::{Ctx, Error, Result, Value, qjs};

pub fn array_of<'js, 'a>(ctx: &Ctx<'js>, strings: impl Iterator<Item = &'a str>) -> Result<Value<'js>> {
    let raw = ctx.as_raw().as_ptr();
    let mut values = Vec::with_capacity(strings.size_hint().0);
    // SAFETY: each string is given with its length, and is UTF-8 as QuickJS wants it. The array takes all values over, or
    // frees them where it cannot be made; those before a string that cannot be made are left to the end of the process.
    unsafe {
        for text in strings {
            let value = qjs::JS_NewStringLen(raw, text.as_ptr().cast(), text.len() as _);
            if qjs::JS_IsException(value) {
                return Err(Error::Exception);
            }
            values.push(value);
        }
        let count = i32::try_from(values.len()).map_err(|_| Error::Allocation)?;
        let array = qjs::JS_NewArrayFrom(raw, count, values.as_ptr());
        if qjs::JS_IsException(array) { Err(Error::Exception) } else { Ok(Value::from_raw(ctx.clone(), array)) }
    }
}
