//! GCM for what `ring` does not have: AES-192, and IVs that are not 12 bytes long, as SOPS writes them.
//! <https://nvlpubs.nist.gov/nistpubs/legacy/sp/nistspecialpublication800-38d.pdf>

use aes::cipher::{BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use ghash::{GHash, universal_hash::UniversalHash};

const BLOCK_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
const MIN_IV_BYTES: usize = 12;
/// SP 800-38D, 5.2.1.1: 2^39 - 256 bits.
const MAX_BYTES: u64 = (1 << 36) - 32;

type Block = [u8; BLOCK_BYTES];

pub struct Gcm {
    aes: Aes,
    hash: GHash,
    /// J0 in the standard.
    counter: Block,
}

enum Aes {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
}

impl Aes {
    fn encrypt(&self, block: Block) -> Block {
        let mut block = block.into();
        match self {
            Aes::Aes128(aes) => aes.encrypt_block(&mut block),
            Aes::Aes192(aes) => aes.encrypt_block(&mut block),
            Aes::Aes256(aes) => aes.encrypt_block(&mut block),
        }
        block.into()
    }
}

impl Gcm {
    /// `None` for a key that is not 16, 24 or 32 bytes, and for an IV that is shorter than Node takes.
    pub fn new(key: &[u8], iv: &[u8]) -> Option<Gcm> {
        let aes = match key.len() {
            16 => Aes::Aes128(Aes128::new_from_slice(key).ok()?),
            24 => Aes::Aes192(Aes192::new_from_slice(key).ok()?),
            32 => Aes::Aes256(Aes256::new_from_slice(key).ok()?),
            _ => return None,
        };
        if iv.len() < MIN_IV_BYTES {
            return None;
        }
        let hash = GHash::new(&aes.encrypt([0; BLOCK_BYTES]).into());
        let counter = first_counter(&hash, iv);
        Some(Gcm { aes, hash, counter })
    }

    pub fn seal(&self, additional: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plaintext.len() + TAG_BYTES);
        sealed.extend_from_slice(plaintext);
        self.apply_key_stream(&mut sealed);
        let tag = self.tag(additional, &sealed);
        sealed.extend_from_slice(&tag);
        sealed
    }

    pub fn open(&self, additional: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (ciphertext, tag) = sealed.split_last_chunk::<TAG_BYTES>()?;
        if ciphertext.len() as u64 > MAX_BYTES || !is_same(&self.tag(additional, ciphertext), tag) {
            return None;
        }
        let mut opened = ciphertext.to_vec();
        self.apply_key_stream(&mut opened);
        Some(opened)
    }

    fn apply_key_stream(&self, bytes: &mut [u8]) {
        let mut counter = self.counter;
        for chunk in bytes.chunks_mut(BLOCK_BYTES) {
            increment(&mut counter);
            for (byte, key) in chunk.iter_mut().zip(self.aes.encrypt(counter)) {
                *byte ^= key;
            }
        }
    }

    fn tag(&self, additional: &[u8], ciphertext: &[u8]) -> Block {
        let mut hash = self.hash.clone();
        hash.update_padded(additional);
        hash.update_padded(ciphertext);
        hash.update(&[lengths(additional.len(), ciphertext.len()).into()]);
        let mut tag: Block = hash.finalize().into();
        for (byte, key) in tag.iter_mut().zip(self.aes.encrypt(self.counter)) {
            *byte ^= key;
        }
        tag
    }
}

fn first_counter(hash: &GHash, iv: &[u8]) -> Block {
    if let Ok(iv) = <[u8; 12]>::try_from(iv) {
        let mut counter = [0; BLOCK_BYTES];
        counter[..12].copy_from_slice(&iv);
        counter[15] = 1;
        return counter;
    }
    let mut hash = hash.clone();
    hash.update_padded(iv);
    hash.update(&[lengths(0, iv.len()).into()]);
    hash.finalize().into()
}

/// In bits, each in half a block.
fn lengths(first: usize, second: usize) -> Block {
    let mut block = [0; BLOCK_BYTES];
    block[..8].copy_from_slice(&(first as u64 * 8).to_be_bytes());
    block[8..].copy_from_slice(&(second as u64 * 8).to_be_bytes());
    block
}

/// The last 32 bits count, and wrap.
fn increment(counter: &mut Block) {
    let (_, last) = counter.split_at_mut(12);
    let next = u32::from_be_bytes([last[0], last[1], last[2], last[3]]).wrapping_add(1);
    last.copy_from_slice(&next.to_be_bytes());
}

/// In the same time, wherever they differ.
fn is_same(first: &Block, second: &Block) -> bool {
    std::hint::black_box(first.iter().zip(second).fold(0, |all, (a, b)| all | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::aead::{self, Around};

    #[test]
    fn is_what_ring_is_where_both_can() {
        for key in [&[7; 16][..], &[8; 32]] {
            for length in [0, 1, 15, 16, 17, 1000] {
                let (iv, additional, plaintext) = ([9; 12], vec![1; length % 37], vec![length as u8; length]);
                let around = Around { algorithm: "AES-GCM", key, iv: &iv, additional: &additional };
                let sealed = Gcm::new(key, &iv).unwrap().seal(&additional, &plaintext);
                assert_eq!(aead::seal(&around, &plaintext).unwrap(), sealed);
                assert_eq!(aead::open(&around, &sealed).unwrap(), plaintext);
            }
        }
    }

    #[test]
    fn opens_nothing_that_was_changed() {
        let gcm = Gcm::new(&[7; 24], &[9; 32]).unwrap();
        let sealed = gcm.seal(b"with", b"text");
        assert_eq!(gcm.open(b"with", &sealed).unwrap(), b"text");
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(gcm.open(b"with", &changed).is_none(), "{index}");
            assert!(gcm.open(b"with", &sealed[..index]).is_none(), "{index}");
        }
        assert!(gcm.open(b"width", &sealed).is_none());
    }

    #[test]
    fn the_counter_wraps_without_a_carry() {
        let mut counter = [0xff; BLOCK_BYTES];
        increment(&mut counter);
        assert_eq!(counter, [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]);
    }
}
