//! Cryptography, by `ring` where that has it.

mod aead;
mod gcm;

use super::{Bytes, array, failure, view};
use aead::Around;
use crc_fast::{CrcAlgorithm, checksum};
use curve25519_dalek::constants::X25519_BASEPOINT;
use curve25519_dalek::montgomery::MontgomeryPoint;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, rsa, signature};
use rquickjs::{Ctx, Function, Object, Result, Value};

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("random", Function::new(ctx.clone(), random)?)?;
    host.set("digest", Function::new(ctx.clone(), digest_of)?)?;
    host.set("hmac", Function::new(ctx.clone(), hmac_of)?)?;
    host.set("crc32", Function::new(ctx.clone(), |bytes: Bytes<'js>| crc32(CrcAlgorithm::Crc32IsoHdlc, &bytes))?)?;
    host.set("crc32c", Function::new(ctx.clone(), |bytes: Bytes<'js>| crc32(CrcAlgorithm::Crc32Iscsi, &bytes))?)?;
    host.set(
        "crc64nvme",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, bytes: Bytes<'js>| {
            array(&ctx, checksum(CrcAlgorithm::Crc64Nvme, view(&bytes)).to_be_bytes().to_vec())
        })?,
    )?;
    host.set("seal", Function::new(ctx.clone(), seal)?)?;
    host.set("open", Function::new(ctx.clone(), open)?)?;
    host.set("x25519", Function::new(ctx.clone(), x25519)?)?;
    host.set("isRsaKey", Function::new(ctx.clone(), |pkcs8: Bytes<'js>| rsa_key(&pkcs8).is_some())?)?;
    host.set("signRs256", Function::new(ctx.clone(), sign_rs256)?)?;
    Ok(())
}

fn random<'js>(ctx: Ctx<'js>, length: usize) -> Result<Value<'js>> {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).map_err(|_| failure(&ctx, "EIO"))?;
    array(&ctx, bytes)
}

/// `undefined` for an algorithm that is not known.
fn digest_of<'js>(ctx: Ctx<'js>, name: String, bytes: Bytes<'js>) -> Result<Value<'js>> {
    let algorithm = match name.as_str() {
        "SHA-1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "SHA-256" => &digest::SHA256,
        "SHA-384" => &digest::SHA384,
        "SHA-512" => &digest::SHA512,
        _ => return Ok(Value::new_undefined(ctx)),
    };
    array(&ctx, digest::digest(algorithm, view(&bytes)).as_ref().to_vec())
}

fn hmac_of<'js>(ctx: Ctx<'js>, name: String, key: Bytes<'js>, bytes: Bytes<'js>) -> Result<Value<'js>> {
    let algorithm = match name.as_str() {
        "SHA-1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "SHA-256" => hmac::HMAC_SHA256,
        "SHA-384" => hmac::HMAC_SHA384,
        "SHA-512" => hmac::HMAC_SHA512,
        _ => return Ok(Value::new_undefined(ctx)),
    };
    array(&ctx, hmac::sign(&hmac::Key::new(algorithm, view(&key)), view(&bytes)).as_ref().to_vec())
}

/// rquickjs makes a negative number of a large `u32`.
fn crc32(algorithm: CrcAlgorithm, bytes: &Bytes<'_>) -> f64 {
    checksum(algorithm, view(bytes)) as f64
}

fn seal<'js>(
    ctx: Ctx<'js>,
    algorithm: String,
    key: Bytes<'js>,
    iv: Bytes<'js>,
    additional: Bytes<'js>,
    plaintext: Bytes<'js>,
) -> Result<Value<'js>> {
    let around = Around { algorithm: &algorithm, key: view(&key), iv: view(&iv), additional: view(&additional) };
    let sealed = aead::seal(&around, view(&plaintext));
    or_undefined(ctx, sealed)
}

fn open<'js>(
    ctx: Ctx<'js>,
    algorithm: String,
    key: Bytes<'js>,
    iv: Bytes<'js>,
    additional: Bytes<'js>,
    sealed: Bytes<'js>,
) -> Result<Value<'js>> {
    let around = Around { algorithm: &algorithm, key: view(&key), iv: view(&iv), additional: view(&additional) };
    let opened = aead::open(&around, view(&sealed));
    or_undefined(ctx, opened)
}

/// `undefined` where the shared secret is zero, as a point of small order makes it, and for keys of other lengths.
fn x25519<'js>(ctx: Ctx<'js>, secret: Bytes<'js>, point: Bytes<'js>) -> Result<Value<'js>> {
    let (Ok(secret), Ok(point)) = (view(&secret).try_into(), view(&point).try_into()) else {
        return Ok(Value::new_undefined(ctx));
    };
    // For the base point there are tables, with which it takes a third of the time.
    let shared = if point == X25519_BASEPOINT.0 {
        MontgomeryPoint::mul_base_clamped(secret)
    } else {
        MontgomeryPoint(point).mul_clamped(secret)
    };
    or_undefined(ctx, (shared.0.iter().fold(0, |all, byte| all | byte) != 0).then(|| shared.0.to_vec()))
}

fn rsa_key(pkcs8: &Bytes<'_>) -> Option<rsa::KeyPair> {
    rsa::KeyPair::from_pkcs8(view(pkcs8)).ok()
}

fn sign_rs256<'js>(ctx: Ctx<'js>, pkcs8: Bytes<'js>, bytes: Bytes<'js>) -> Result<Value<'js>> {
    let signed = rsa_key(&pkcs8).and_then(|key| {
        let mut signed = vec![0; key.public().modulus_len()];
        key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), view(&bytes), &mut signed).ok()?;
        Some(signed)
    });
    or_undefined(ctx, signed)
}

fn or_undefined(ctx: Ctx<'_>, bytes: Option<Vec<u8>>) -> Result<Value<'_>> {
    match bytes {
        Some(bytes) => array(&ctx, bytes),
        None => Ok(Value::new_undefined(ctx)),
    }
}
