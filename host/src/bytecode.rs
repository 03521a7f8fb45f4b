//! The bytecode of the bundle, which is linked into the executable as one table. QuickJS trusts what it reads, so nothing
//! but this table is ever given to it.
//!
//! Layout, numbers little-endian: magic; count u32; then for each module: name length u32, name, offset u32, length u32;
//! then the modules, each aligned to 8 bytes, offsets from the start of the table.

pub const MAGIC: &[u8; 8] = b"envseal\x01";

#[derive(Clone, Copy)]
pub struct Code<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
}

#[cfg(not(any(test, fuzzing)))]
unsafe extern "C" {
    static envseal_bytecode_start: u8;
    static envseal_bytecode_end: u8;
}

/// `None` for the executable that compiles, which is linked with an empty table.
#[cfg(not(any(test, fuzzing)))]
pub fn modules() -> Option<Vec<Code<'static>>> {
    // SAFETY: the linker puts both symbols around one read-only array.
    let table = unsafe {
        let start = &raw const envseal_bytecode_start;
        let end = &raw const envseal_bytecode_end;
        std::slice::from_raw_parts(start, end.offset_from(start) as usize)
    };
    (!table.is_empty()).then(|| parse(table).expect("the bytecode's table is whole"))
}

#[cfg(any(test, fuzzing))]
pub fn modules() -> Option<Vec<Code<'static>>> {
    None
}

/// `None` for a table that is not whole.
pub fn parse(table: &[u8]) -> Option<Vec<Code<'_>>> {
    let mut rest = table.strip_prefix(MAGIC)?;
    let count = take_u32(&mut rest)? as usize;
    // An entry takes 12 bytes at least.
    if count > rest.len() / 12 {
        return None;
    }
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        let length = take_u32(&mut rest)? as usize;
        let (name, after) = rest.split_at_checked(length)?;
        rest = after;
        let offset = take_u32(&mut rest)? as usize;
        let length = take_u32(&mut rest)? as usize;
        all.push(Code {
            name: std::str::from_utf8(name).ok()?,
            bytes: table.get(offset..offset.checked_add(length)?)?,
        });
    }
    Some(all)
}

/// The mirror of `parse`.
pub fn format(modules: &[(String, Vec<u8>)]) -> Vec<u8> {
    let head: usize = MAGIC.len() + 4 + modules.iter().map(|(name, _)| 12 + name.len()).sum::<usize>();
    let mut table = MAGIC.to_vec();
    table.extend((modules.len() as u32).to_le_bytes());
    let mut codes = Vec::new();
    let pad = |codes: &mut Vec<u8>| codes.resize((head + codes.len()).next_multiple_of(8) - head, 0);
    pad(&mut codes);
    for (name, code) in modules {
        table.extend((name.len() as u32).to_le_bytes());
        table.extend(name.as_bytes());
        table.extend(((head + codes.len()) as u32).to_le_bytes());
        table.extend((code.len() as u32).to_le_bytes());
        codes.extend(code);
        pad(&mut codes);
    }
    table.extend(codes);
    table
}

fn take_u32(rest: &mut &[u8]) -> Option<u32> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_what_format_writes() {
        let modules =
            vec![("a.mjs".to_string(), vec![1, 2, 3]), (String::new(), vec![]), ("b".to_string(), vec![7; 9])];
        let table = format(&modules);
        let parsed = parse(&table).unwrap();
        let again: Vec<_> = parsed.iter().map(|code| (code.name.to_string(), code.bytes.to_vec())).collect();
        assert_eq!(again, modules);
    }

    #[test]
    fn a_table_that_is_cut_anywhere_is_refused() {
        let table = format(&[("name".to_string(), vec![1; 8])]);
        for length in 0..table.len() {
            assert!(parse(&table[..length]).is_none(), "{length}");
        }
    }
}
