use rquickjs::{Ctx, Object, Result};

pub fn install<'js>(_ctx: &Ctx<'js>, _host: &Object<'js>) -> Result<()> {
    Ok(())
}
