//! Clock and randomness, injected so that a run can be repeated exactly.

use std::sync::{Arc, Mutex};

use uuid::Uuid;
use vault::{Entropy, OsEntropy, VaultError};

/// Where the ledger gets the time and random bytes from.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Fn() -> i64 + Send + Sync>,
    entropy: Arc<Mutex<Box<dyn Entropy + Send>>>,
}

impl Environment {
    /// An environment with its own clock (UTC microseconds since 1970) and source of random bytes.
    pub fn new(
        clock: impl Fn() -> i64 + Send + Sync + 'static,
        entropy: impl Entropy + Send + 'static,
    ) -> Self {
        Self { clock: Arc::new(clock), entropy: Arc::new(Mutex::new(Box::new(entropy))) }
    }

    /// The system's clock and random generator.
    pub fn system() -> Self {
        Self::new(|| jiff::Timestamp::now().as_microsecond(), OsEntropy)
    }

    /// Now, in UTC microseconds since 1970.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// A new identifier (UUID version 7).
    pub fn new_id(&self) -> Result<Uuid, VaultError> {
        let mut random = [0; 10];
        self.entropy().fill(&mut random)?;
        let millis = u64::try_from(self.now() / 1000).unwrap_or_default();
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// 64 random bits.
    pub fn random_bits(&self) -> Result<u64, VaultError> {
        let mut random = [0; 8];
        self.entropy().fill(&mut random)?;
        Ok(u64::from_le_bytes(random))
    }

    /// The source of random bytes, for keys and nonces.
    pub fn entropy(&self) -> EntropyGuard<'_> {
        // A source that panicked half way has given nothing away; its next bytes are as good as any.
        EntropyGuard(self.entropy.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// The source of random bytes, held.
pub struct EntropyGuard<'a>(std::sync::MutexGuard<'a, Box<dyn Entropy + Send>>);

impl Entropy for EntropyGuard<'_> {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), VaultError> {
        self.0.fill(bytes)
    }
}
