//! The same inputs with the same ids and clock give the same root, and the same read models, on every database.

use std::path::Path;

use event_log::Hash;
use proptest::prelude::*;

use crate::homes::{Home, PostgresHome, SqliteHome};
use crate::steps::{Step, steps, take};
use crate::support::*;

/// Where a ledger stands: position, root, and the digest of each read model, which replay confirms.
type Standing = (u64, Hash, Vec<(&'static str, String)>);

async fn standing<P: Home>(book: &Book<P>) -> Standing {
    book.sound().await;
    let (position, root) = book.head().await;
    let replayed = book.ledger.replay(false, &|_, _| {}).await.unwrap();
    (position, root, replayed.into_iter().map(|replayed| (replayed.name, replayed.live)).collect())
}

/// Imports four files, all spend being accepted.
async fn year<P: Home>(folder: &Path) -> Option<Standing> {
    let book = Book::<P>::made(1).await?;
    for (kind, file) in [
        (Kind::Cases, "cases.csv"),
        (Kind::Grants, "grants.csv"),
        (Kind::Spend, "spend.csv"),
        (Kind::Reversals, "reversals.csv"),
    ] {
        let report = import(&book.ledger, kind, folder.join(file), How::Accepting).await.unwrap();
        assert_eq!(report.errors, []);
        assert!(report.counts.rows > 0, "{file}");
    }
    Some(standing(&book).await)
}

#[test]
fn a_small_year_has_one_root() {
    many_threads().block_on(async {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/small");
        let Some(on_postgres) = year::<PostgresHome>(&folder).await else { return };
        assert_eq!(year::<SqliteHome>(&folder).await, Some(on_postgres));
    });
}

#[test]
fn an_invented_year_has_one_root() {
    many_threads().block_on(async {
        let (folder, year_of) = (tempfile::tempdir().unwrap(), demo::invent(5, 120));
        for (file, text) in [
            ("cases.csv", year_of.cases),
            ("grants.csv", year_of.grants),
            ("spend.csv", year_of.spend),
            ("reversals.csv", year_of.reversals),
        ] {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let Some(on_postgres) = year::<PostgresHome>(folder.path()).await else { return };
        assert_eq!(year::<SqliteHome>(folder.path()).await, Some(on_postgres));
    });
}

async fn taken<P: Home>(steps: &[Step]) -> Option<Standing> {
    let book = Book::<P>::made(1).await?;
    for (index, step) in steps.iter().enumerate() {
        let taken = take(&book.ledger, book.folder.path(), index, step).await;
        taken.unwrap_or_else(|fault| panic!("{step:?}: {fault:?}"));
    }
    Some(standing(&book).await)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: (ProptestConfig::default().cases / 128).max(2), failure_persistence: None, max_shrink_iters: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_commands_have_one_root(steps in steps()) {
        many_threads().block_on(async {
            let Some(on_postgres) = taken::<PostgresHome>(&steps).await else { return };
            assert_eq!(taken::<SqliteHome>(&steps).await, Some(on_postgres));
        });
    }
}
