//! Read models are written and read as they are: their checkpoints notice by themselves what came twice or not at all.

use async_trait::async_trait;
use event_log::{LiveRow, ProjectionState, ProjectionStore, StoreError};

use super::Faulty;

#[async_trait]
impl ProjectionStore for Faulty {
    async fn generations(&self, name: &str) -> Result<Vec<ProjectionState>, StoreError> {
        self.inner.generations(name).await
    }

    async fn start_generation(&self, name: &str, version: u32) -> Result<ProjectionState, StoreError> {
        self.inner.start_generation(name, version).await
    }

    async fn switch_generation(
        &self,
        name: &str,
        generation: u64,
        position: u64,
    ) -> Result<bool, StoreError> {
        self.inner.switch_generation(name, generation, position).await
    }

    async fn drop_generation(&self, name: &str, generation: u64) -> Result<(), StoreError> {
        self.inner.drop_generation(name, generation).await
    }

    async fn write_rows(
        &self,
        name: &str,
        generation: u64,
        from: u64,
        to: u64,
        rows: &[(String, Vec<u8>)],
    ) -> Result<bool, StoreError> {
        self.inner.write_rows(name, generation, from, to, rows).await
    }

    async fn stop_generation(&self, name: &str, generation: u64, why: &str) -> Result<(), StoreError> {
        self.inner.stop_generation(name, generation, why).await
    }

    async fn rows(
        &self,
        name: &str,
        generation: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.inner.rows(name, generation, keys).await
    }

    async fn live_row(&self, name: &str, key: &str) -> Result<LiveRow, StoreError> {
        self.inner.live_row(name, key).await
    }

    async fn scan_rows(
        &self,
        name: &str,
        generation: u64,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.inner.scan_rows(name, generation, after, limit).await
    }
}
