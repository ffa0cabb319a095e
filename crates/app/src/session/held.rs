//! Cases held between loading and writing: as many as are used, within a bound.

use std::collections::HashMap;

use domain::CaseId;

/// A map that forgets what was not used lately. What is loaded or used is young; a turn makes the young old and forgets
/// what was old before.
#[derive(Debug)]
pub(super) struct Held<V> {
    young: HashMap<CaseId, V>,
    old: HashMap<CaseId, V>,
}

impl<V> Held<V> {
    pub(super) fn new() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }

    /// Whether it is held; it is used now, and so young.
    pub(super) fn touch(&mut self, id: CaseId) -> bool {
        if let Some(value) = self.old.remove(&id) {
            self.young.insert(id, value);
        }
        self.young.contains_key(&id)
    }

    pub(super) fn get(&self, id: CaseId) -> Option<&V> {
        self.young.get(&id).or_else(|| self.old.get(&id))
    }

    pub(super) fn get_mut(&mut self, id: CaseId) -> Option<&mut V> {
        self.touch(id);
        self.young.get_mut(&id)
    }

    pub(super) fn insert(&mut self, id: CaseId, value: V) {
        self.old.remove(&id);
        self.young.insert(id, value);
    }

    pub(super) fn remove(&mut self, id: CaseId) {
        self.young.remove(&id);
        self.old.remove(&id);
    }

    /// Number of the young.
    pub(super) fn young(&self) -> usize {
        self.young.len()
    }

    /// Makes the young old, and forgets what was old.
    pub(super) fn turn(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_is_used_stays_and_what_is_not_is_forgotten_at_the_second_turn() {
        let [used, unused] = [1, 2].map(|n| CaseId(Uuid::from_u128(n)));
        let mut held = Held::new();
        held.insert(used, "used");
        held.insert(unused, "unused");
        held.turn();
        assert_eq!((held.young(), held.get(used), held.get(unused)), (0, Some(&"used"), Some(&"unused")));
        assert!(held.touch(used));
        held.turn();
        assert_eq!((held.get(used), held.get(unused)), (Some(&"used"), None));
        assert!(!held.touch(unused));
        held.insert(used, "changed");
        held.turn();
        held.turn();
        assert_eq!(held.get(used), None);
    }
}
