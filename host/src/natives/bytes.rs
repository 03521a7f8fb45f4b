//! The bytes of JavaScript's arrays. `unsafe`: QuickJS owns them.

use rquickjs::TypedArray;

pub type Bytes<'js> = TypedArray<'js, u8>;

/// While no JavaScript runs: whoever holds it must not call any. Empty for an array whose buffer was taken away.
pub fn view<'a>(bytes: &'a Bytes<'_>) -> &'a [u8] {
    // SAFETY: one thread runs JavaScript, and none of it runs while a native holds the slice.
    unsafe { bytes.as_bytes() }.unwrap_or(&[])
}
