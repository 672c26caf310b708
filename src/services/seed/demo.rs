//! The user `demo`, the only one who can sign in.

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};

use super::dice::{Dice, Purpose};

/// The demo user's handle.
pub const HANDLE: &str = "demo";
/// The demo user's email address.
pub const EMAIL: &str = "demo@example.org";
/// The demo user's password: public, for demo data only.
pub const PASSWORD: &str = "demo-demo-demo";

pub(super) const NAME: &str = "Demo Dupont";
pub(super) const BIO: &str = "Here to show you around. Reads everything, writes a bit of everything.";
/// How many the demo user follows, where there are so many.
pub(super) const FOLLOWS: u64 = 20;
/// The demo user's index: the first to sign up.
pub(super) const INDEX: u64 = 0;

/// The hash of [`PASSWORD`] as a PHC string: argon2id with the least that OWASP's cheat sheet recommends, and a salt
/// drawn from the seed, so that it is the same each time.
pub(super) fn password_hash(seed: u64) -> String {
    let params = Params::new(19_456, 2, 1, None).expect("these parameters are valid");
    let salt: [u8; 16] = Dice::new(seed, Purpose::Salt, 0).bytes();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(PASSWORD.as_bytes(), &salt)
        .expect("a password and a salt of these lengths can be hashed")
        .to_string()
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier as _;

    use super::*;

    #[test]
    fn the_hash_is_owasps_fits_and_is_repeatable() {
        let hash = password_hash(42);
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(Argon2::default().verify_password(PASSWORD.as_bytes(), hash.as_str()), Ok(()));
        assert!(Argon2::default().verify_password(b"demo-demo", hash.as_str()).is_err());
        assert_eq!(hash, password_hash(42));
        assert_ne!(hash, password_hash(43));
    }
}
