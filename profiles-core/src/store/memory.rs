//! In memory.
/// Placeholder until its implementation lands.
#[derive(Debug, Default)]
pub struct MemoryStore;
