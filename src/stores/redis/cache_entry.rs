//! A result as Redis holds it.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | the life it was read in |
//! | 8 | `now` as it was noted before the first read |
//! | 16 | the body's mark |
//! | 1 | how the body is written: 0 as it is, 1 by DEFLATE |
//! | 2 | how many tags it has |
//! | 2 each | the tags |
//! | the rest | the body |
//!
//! Numbers have their most significant byte first. Lua code in [`super::cache`] reads the same.

use std::io::{self, Read as _, Write as _};

use bytes::{Buf as _, BufMut as _, Bytes};
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;

use crate::ports::{AsOf, CachedBody, LARGEST_BODY, Life, MOST_TAGS, TagSet};

/// Smaller bodies are kept as they are: what compressing them saves is not worth the time.
const COMPRESS_FROM: usize = 4 << 10;

const PLAIN: u8 = 0;
const DEFLATE: u8 = 1;

/// The entry of a result; `None` where it is not to be kept.
pub(super) async fn write(as_of: AsOf, tags: &TagSet, body: &CachedBody) -> Option<Vec<u8>> {
    let count = u16::try_from(tags.len()).ok()?;
    if tags.len() > MOST_TAGS || body.bytes.len() > LARGEST_BODY {
        return None;
    }
    let (encoding, bytes) = if body.bytes.len() < COMPRESS_FROM {
        (PLAIN, body.bytes.clone())
    } else {
        let plain = body.bytes.clone();
        (DEFLATE, tokio::task::spawn_blocking(move || compressed(&plain)).await.ok()?.ok()?.into())
    };
    let mut entry = Vec::with_capacity(43 + 2 * tags.len() + bytes.len());
    entry.put_u128(as_of.life.0);
    entry.put_u64(as_of.now);
    entry.put_u128(body.mark);
    entry.put_u8(encoding);
    entry.put_u16(count);
    for tag in tags.iter() {
        entry.put_u16(tag.0);
    }
    entry.put_slice(&bytes);
    Some(entry)
}

/// The life of an entry, and its body.
pub(super) fn read(mut entry: Bytes) -> io::Result<(Life, CachedBody)> {
    let life = Life(entry.try_get_u128()?);
    entry.try_get_u64()?;
    let mark = entry.try_get_u128()?;
    let encoding = entry.try_get_u8()?;
    let tags = usize::from(entry.try_get_u16()?) * 2;
    if entry.len() < tags {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    entry.advance(tags);
    let bytes = match encoding {
        PLAIN => entry,
        _ => {
            let mut bytes = Vec::new();
            DeflateDecoder::new(entry.reader()).take(LARGEST_BODY as u64).read_to_end(&mut bytes)?;
            bytes.into()
        }
    };
    Ok((life, CachedBody { mark, bytes }))
}

fn compressed(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}
