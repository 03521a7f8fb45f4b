//! Authenticated encryption: AES-GCM and ChaCha20-Poly1305, with tags of 16 bytes behind the ciphertext. `None` for keys
//! and IVs of a length that the algorithm does not have.

use super::gcm::Gcm;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// What goes with the message.
pub struct Around<'a> {
    pub algorithm: &'a str,
    pub key: &'a [u8],
    pub iv: &'a [u8],
    /// Authenticated, not encrypted.
    pub additional: &'a [u8],
}

pub fn seal(around: &Around<'_>, plaintext: &[u8]) -> Option<Vec<u8>> {
    match (ring_key(around), nonce(around)) {
        (Some(key), Some(nonce)) => {
            let mut sealed = Vec::with_capacity(plaintext.len() + key.algorithm().tag_len());
            sealed.extend_from_slice(plaintext);
            key.seal_in_place_append_tag(nonce, Aad::from(around.additional), &mut sealed).ok()?;
            Some(sealed)
        }
        _ => Some(gcm(around)?.seal(around.additional, plaintext)),
    }
}

/// `None` also where key, IV, additional data, ciphertext or tag is not what it was sealed with.
pub fn open(around: &Around<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
    match (ring_key(around), nonce(around)) {
        (Some(key), Some(nonce)) => {
            let mut opened = sealed.to_vec();
            let length = key.open_in_place(nonce, Aad::from(around.additional), &mut opened).ok()?.len();
            opened.truncate(length);
            Some(opened)
        }
        _ => gcm(around)?.open(around.additional, sealed),
    }
}

fn ring_key(around: &Around<'_>) -> Option<LessSafeKey> {
    let algorithm = match (around.algorithm, around.key.len()) {
        ("AES-GCM", 16) => &AES_128_GCM,
        ("AES-GCM", 32) => &AES_256_GCM,
        ("ChaCha20-Poly1305", _) => &CHACHA20_POLY1305,
        _ => return None,
    };
    Some(LessSafeKey::new(UnboundKey::new(algorithm, around.key).ok()?))
}

fn nonce(around: &Around<'_>) -> Option<Nonce> {
    const { assert!(NONCE_LEN == 12) };
    Nonce::try_assume_unique_for_key(around.iv).ok()
}

fn gcm(around: &Around<'_>) -> Option<Gcm> {
    if around.algorithm != "AES-GCM" { None } else { Gcm::new(around.key, around.iv) }
}
