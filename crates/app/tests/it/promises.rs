//! Nobody promises more euros than there are, whoever plans or spends first.

use std::sync::Arc;

use app::AppError;
use domain::{Case, CaseEvent, CaseId, Event};
use money::Eur;
use tokio::sync::Barrier;

use crate::homes::{Home, PostgresHome, SqliteHome};
use crate::support::*;

const PLANNERS: u32 = 16;
const ROUNDS: u32 = 3;

#[test]
fn plans_that_race_promise_no_more_than_there_is() {
    many_threads().block_on(race::<SqliteHome>());
}

#[test]
fn plans_that_race_promise_no_more_than_there_is_on_a_server() {
    many_threads().block_on(race::<PostgresHome>());
}

/// Sixteen people plan for one case, again and again, and report spend on it.
async fn race<P: Home>() {
    let Some(book) = Book::<P>::made(1).await else { return };
    book.import(Kind::Cases, "cases.csv", &[person("MV-1")]).await;
    let case = book.ledger.find_case("MV-1").await.unwrap();
    let start_line = Arc::new(Barrier::new(PLANNERS as usize));
    let mut planners = Vec::new();
    for planner in 0..PLANNERS {
        let (ledger, start_line) = (book.another(u64::from(planner) + 100).await, start_line.clone());
        let spent = receipt("caritas", "MV-1", planner, "2024-04-01", "50.00");
        let path = book.write(Kind::Spend, &format!("{planner}.csv"), &[spent]);
        planners.push(tokio::spawn(async move {
            start_line.wait().await;
            let mut agreed = 0;
            for round in 0..ROUNDS {
                agreed += u32::from(plan(&ledger, case, planner + round).await);
            }
            import(&ledger, Kind::Spend, path, How::Accepting).await.unwrap();
            agreed
        }));
    }
    let mut agreed = 0;
    for planner in planners {
        agreed += planner.await.unwrap();
    }
    assert!(agreed > 0, "nobody planned anything");
    let mut folded: Option<Case> = None;
    for recorded in book.ledger.store().read_streams(&[case.stream()]).await.unwrap() {
        let Event::Case(event) = Event::decode(&recorded).unwrap() else { continue };
        folded = Some(Case::evolve(folded, &event).unwrap());
        let line = folded.as_ref().unwrap().balances.line("reintegration");
        if matches!(event, CaseEvent::PlanAgreed(_)) {
            assert!(!line.available().unwrap().is_negative(), "position {}: {line:?}", recorded.position);
        }
    }
    let line = folded.unwrap().balances.line("reintegration");
    assert_eq!(line.disbursed, "800.00".parse().unwrap(), "spend is not refused for a plan");
    let plan = book.ledger.case_detail(case).await.unwrap().plan;
    assert_eq!(Eur::sum(plan.iter().map(|item| item.left)).unwrap(), line.committed);
    book.sound().await;
}

/// Plans for the partner; whether the rules let it.
async fn plan(ledger: &app::Ledger, case: CaseId, number: u32) -> bool {
    let amount = Eur::from_cents(i64::from(number % 6 + 1) * 50_000);
    let lines = vec![("business-start-up".to_owned(), amount)];
    let agreed =
        ledger.agree_plan(case, "caritas".parse().unwrap(), "2024-04-01".parse().unwrap(), lines).await;
    match agreed {
        Ok(()) => true,
        Err(AppError::Refused(_)) => false,
        Err(other) => panic!("{other}"),
    }
}
