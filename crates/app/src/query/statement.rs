//! A partner's statement, folded from the log up to a position.

use std::collections::{BTreeMap, HashMap};

use domain::case::CaseEvent;
use domain::statement::{
    Account, Movement, Stated, Words, fees_undecided, held, owed, totals, undecided, waiting,
};
use domain::{CaseId, Event, FoldError, Holds, PartnerCode, Period, SubjectId, TextId};
use event_log::hex;
use interchange::statement::{StatementDocument, StatementLine};
use money::Eur;
use projection_runner::Progress;
use rulebook::Country;

use crate::error::AppError;
use crate::ledger::{LEDGER_SUBJECT, Ledger};
use crate::texts::{AnyText, ERASED, ReasonText};

impl Ledger {
    /// What a partner reported, what was decided and what is owed in a period, as the log stood at a position: the same
    /// statement for ever. It is folded from the log itself, not from a read model, and carries the root up to there.
    ///
    /// [`AppError::Usage`] if the log does not reach so far, or the partner is not known there.
    pub async fn statement(
        &self,
        partner: &PartnerCode,
        period: Period,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<StatementDocument, AppError> {
        let Stood { account, holds, countries, position, root } =
            self.account_at(partner, at, progress).await?;
        let (moved, last) = (account.movements(), period.last());
        let within: Vec<&Movement> = moved.iter().filter(|movement| period.contains(movement.day)).collect();
        let totals = totals(moved, period).map_err(FoldError::from)?;
        let open_after = |day, owing| -> Result<_, FoldError> {
            Ok((undecided(&account, day)?, fees_undecided(&account, day)?, owed(&account, day, owing)?))
        };
        // Nothing is before the first day of the calendar.
        let day_before = period.first().yesterday();
        let before =
            day_before.map_or_else(|_| Ok(Default::default()), |day| open_after(day, totals.owed_before))?;
        let (undecided_before, fees_before, owed_before) = before;
        let (undecided, fees, owed) = open_after(last, totals.owed)?;
        let waiting = waiting(&account, last);
        let place = |stated: &Stated| {
            let country = countries.get(&stated.case?)?;
            Some((*country, self.rulebook.programme_of(stated.budget_line.as_deref()?)?))
        };
        let held = held(&account, last, &holds, totals.owed, place).map_err(FoldError::from)?;
        let open = [&undecided_before, &undecided, &fees_before, &fees, &waiting, &owed_before, &owed, &held]
            .into_iter()
            .flatten();
        let all: Vec<&Movement> = within.iter().copied().chain(open).collect();
        let told = self.told_of(&account, all.iter().map(|movement| movement.about)).await?;
        let said = all.iter().filter_map(|movement| Some((movement.about, movement.words?)));
        let words = self.words_of(&told, said).await?;
        let line = |movement: &Movement| line(movement, &told, &words);
        Ok(StatementDocument {
            partner: partner.to_string(),
            name: account.name().map(ToString::to_string).unwrap_or_default(),
            period,
            position,
            root,
            held: Eur::sum(held.iter().map(|movement| movement.eur)).map_err(FoldError::from)?,
            totals,
            lines: within.into_iter().filter_map(line).collect(),
            held_lines: held.iter().filter_map(line).collect(),
            undecided_before: undecided_before.iter().filter_map(line).collect(),
            undecided: undecided.iter().filter_map(line).collect(),
            fees_undecided_before: fees_before.iter().filter_map(line).collect(),
            fees_undecided: fees.iter().filter_map(line).collect(),
            owed_before_lines: owed_before.iter().filter_map(line).collect(),
            owed_lines: owed.iter().filter_map(line).collect(),
            waiting: waiting.iter().filter_map(line).collect(),
        })
    }

    /// What people said, by what is in the vault: of the claims, fees and payments with these numbers.
    pub(super) async fn words_of(
        &self,
        told: &BTreeMap<u64, Told<'_>>,
        said: impl Iterator<Item = (u64, TextId)>,
    ) -> Result<HashMap<TextId, String>, AppError> {
        let sealed = said.filter_map(|(about, words)| Some((told.get(&about)?.subject, words)));
        let sealed: Vec<_> = sealed.collect();
        let words = self.reveal::<ReasonText>(&sealed).await?;
        let words = words.into_iter().map(|text| text.map_or_else(|| ERASED.to_owned(), |text| text.reason));
        Ok(sealed.into_iter().map(|(_, text)| text).zip(words).collect())
    }

    /// A partner's account as the log had it at a position, or has it now.
    pub(super) async fn account_at(
        &self,
        partner: &PartnerCode,
        at: Option<u64>,
        progress: Progress<'_>,
    ) -> Result<Stood, AppError> {
        let end = self.log_end(at).await?;
        let (mut account, mut known) = (Account::of(partner.clone()), false);
        let (mut holds, mut countries) = (Holds::default(), HashMap::new());
        let read = self.read_log_to(end, progress, |recorded| {
            known |= recorded.stream_id == partner.stream();
            match &recorded.event {
                Event::Hold(event) => holds.evolve(event)?,
                Event::Case(CaseEvent::ApplicationFiled(e)) => {
                    countries.insert(e.case, e.facts.destination);
                }
                _ => account.apply(&recorded),
            }
            Ok(())
        });
        let root = hex::encode(&read.await?);
        if !known {
            return Err(AppError::Usage(format!("no partner {partner} is known at position {end}")));
        }
        Ok(Stood { account, holds, countries, position: end, root })
    }

    /// Claims, fees and payments of an account, by number, with their texts.
    pub(super) async fn told_of<'a>(
        &self,
        account: &'a Account,
        numbers: impl Iterator<Item = u64>,
    ) -> Result<BTreeMap<u64, Told<'a>>, AppError> {
        let mut numbers: Vec<u64> = numbers.collect();
        numbers.sort_unstable();
        numbers.dedup();
        let stated: Vec<&Stated> = numbers.into_iter().filter_map(|number| account.stated(number)).collect();
        self.current().await?;
        let names = self.case_names(stated.iter().filter_map(|stated| stated.case)).await?;
        let name_of = |stated: &Stated| stated.case.and_then(|case| names.get(&case));
        let sealed = stated.iter().filter_map(|stated| match stated.words {
            Words::Sealed(text) => {
                Some((name_of(stated).map_or(LEDGER_SUBJECT, |name| name.row.subject), text))
            }
            Words::Reference(_) => None,
        });
        let sealed: Vec<_> = sealed.collect();
        let texts = self.reveal::<AnyText>(&sealed).await?;
        let texts: HashMap<TextId, AnyText> =
            sealed.into_iter().zip(texts).filter_map(|((_, id), text)| Some((id, text?))).collect();
        Ok(stated
            .into_iter()
            .map(|stated| {
                let (receipt_no, supplier) = match &stated.words {
                    Words::Reference(reference) => (reference.to_string(), String::new()),
                    Words::Sealed(id) => AnyText::words(texts.get(id)),
                };
                let name = name_of(stated);
                let subject = name.map_or(LEDGER_SUBJECT, |name| name.row.subject);
                let (external_ref, case) =
                    name.map(|name| (name.external_ref.clone(), name.case.clone())).unwrap_or_default();
                (stated.number, Told { stated, subject, external_ref, case, receipt_no, supplier })
            })
            .collect())
    }
}

/// How a partner's account stood at a position of the log.
pub(super) struct Stood {
    pub(super) account: Account,
    holds: Holds,
    /// The country that each person returned to.
    countries: HashMap<CaseId, Country>,
    pub(super) position: u64,
    /// The root of the log up to there.
    pub(super) root: String,
}

/// A claim, fee or payment as people know it.
pub(super) struct Told<'a> {
    stated: &'a Stated,
    /// Under whose key its texts are.
    subject: SubjectId,
    pub(super) external_ref: String,
    pub(super) case: String,
    pub(super) receipt_no: String,
    pub(super) supplier: String,
}

fn line(
    movement: &Movement,
    told: &BTreeMap<u64, Told<'_>>,
    words: &HashMap<TextId, String>,
) -> Option<StatementLine> {
    let Told { stated, external_ref, case, receipt_no, supplier, .. } = told.get(&movement.about)?;
    Some(StatementLine {
        position: movement.position,
        day: movement.day,
        movement: movement.kind.code(),
        eur: movement.eur,
        reason: movement.reason.unwrap_or_default(),
        number: stated.number,
        external_ref: external_ref.clone(),
        case: case.clone(),
        category: stated.category.clone(),
        receipt_no: receipt_no.clone(),
        supplier: supplier.clone(),
        on: stated.on,
        amount: stated.amount.to_string(),
        currency: stated.amount.currency().code(),
        rate: stated.quote.map(|quote| quote.rate.to_string()).unwrap_or_default(),
        words: movement.words.and_then(|text| words.get(&text).cloned()).unwrap_or_default(),
    })
}
