//! The network, as the bundle sees it.

use super::Callbacks;
use crate::signals;
use rquickjs::{Ctx, Object, Result};

pub fn install<'js>(_ctx: &Ctx<'js>, _host: &Object<'js>) -> Result<()> {
    Ok(())
}

/// Gives the bundle what has come; `false` where nothing has.
pub fn deliver(_ctx: &Ctx<'_>, _callbacks: &Callbacks<'_>) -> bool {
    false
}

/// Sleeps until something comes, a signal included, or the time is over: `timeout_ms` below 0 has no end.
pub fn look(timeout_ms: f64) {
    signals::sleep(&mut [], timeout_ms);
}

/// Whether an answer is still waited for.
pub fn is_busy() -> bool {
    false
}
