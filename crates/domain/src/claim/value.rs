//! What amounts in other currencies are worth in euro.

use jiff::civil::Date;
use money::{Amount, Currency, Eur};
use rulebook::Rulebook;

use super::event::{Exchange, Original, Shared, SpendReported};
use super::state::Claim;
use crate::rates::{self, Quote};
use crate::refusal::Refusal;

/// Why an amount cannot be booked that is less than half a cent.
pub(super) const WORTH_NOTHING: &str = "worth-nothing";

impl Exchange {
    /// What the rulebook asks for on these days, with the rate if it is published.
    pub(crate) fn asked(
        rulebook: &Rulebook,
        delivered_on: Date,
        reported_on: Date,
        quote: Option<Quote>,
    ) -> Self {
        let rule = rulebook.parameters().spend_rate;
        let day = rates::day(rule, delivered_on, reported_on);
        Self { rulebook: rulebook.version().to_owned(), rule, day, quote }
    }

    /// Whether a rate is of the source that values the amount, and not of a later day.
    fn takes(&self, quote: &Quote) -> bool {
        quote.source == rates::source(self.rule) && quote.rate_date <= self.day
    }

    /// An amount at a rate, which must be the one that is asked for.
    pub(crate) fn value(&self, amount: Amount, quote: &Quote) -> Result<Eur, Refusal> {
        if self.takes(quote) {
            return converted(amount, quote);
        }
        let detail = format!(
            "{} for {} asks for another rate than that of {} for {}",
            self.rule, self.day, quote.source, quote.rate_date
        );
        Err(Refusal::new("wrong-rate", detail))
    }
}

impl Exchange {
    /// The same for what may be one share of a receipt: its share of what the whole is worth.
    pub(super) fn value_of(
        &self,
        amount: Amount,
        shared: Option<Shared>,
        quote: &Quote,
    ) -> Result<Eur, Refusal> {
        match shared {
            None => self.value(amount, quote),
            Some(shared) => shared.of_euros(self.value(shared.whole, quote)?),
        }
    }
}

/// What stands on a receipt as far as it is known: the whole of it, or a part with the parts that were reported before.
pub fn with_others(whole: Amount, beside: Option<Amount>) -> Amount {
    // What is too large for a sum is booked nowhere.
    beside.and_then(|beside| whole.checked_add(beside).ok()).unwrap_or(whole)
}

/// What a receipt is worth as a whole, of which a claim may be one share; none while the rate is still to come.
pub fn worth(whole: Amount, quote: Option<Quote>) -> Option<Eur> {
    match quote {
        None => whole.to_eur_exact(),
        Some(quote) => whole.convert(quote.rate).ok(),
    }
}

impl SpendReported {
    /// The amount of the whole receipt, of which this may be one share.
    pub fn whole(&self) -> Amount {
        self.shared.map_or(self.amount, |shared| shared.whole)
    }

    /// What the limit for two people looks at: the whole receipt, as far as it is known.
    pub fn with_others(&self) -> Amount {
        with_others(self.whole(), self.beside)
    }

    /// What that is worth; none while the rate is still to come.
    pub fn worth_of_receipt(&self) -> Option<Eur> {
        worth(self.with_others(), self.exchange.as_ref().and_then(|exchange| exchange.quote))
    }
}

impl Claim {
    /// The rate it was converted at; none for euros, and while it waits for its rate.
    pub fn quote(&self) -> Option<Quote> {
        self.exchange.as_ref().and_then(|exchange| exchange.quote)
    }

    /// What the whole receipt is worth, of which this may be one share or part, as far as it is known; none while the rate is
    /// still to come.
    pub fn worth_of_receipt(&self) -> Option<Eur> {
        worth(with_others(self.whole(), self.beside), self.quote())
    }

    /// What is worth how much of what this claim was converted at: an amount in euro is itself, one in the currency of
    /// the claim takes the rate of the claim, also where the source has published another one since.
    pub fn value_of(&self, amount: Amount) -> Result<(Eur, Option<Original>), Refusal> {
        if amount.currency() == Currency::EUR {
            return Ok((euros(amount)?, None));
        }
        match self.quote().filter(|_| amount.currency() == self.amount.currency()) {
            Some(quote) => Ok((self.converted_back(amount, &quote)?, Some(Original { amount, quote }))),
            None => {
                let detail = format!(
                    "the claim was reported in {}: give the amount in that currency, or in EUR",
                    self.amount.currency()
                );
                Err(Refusal::new("reversal-currency", detail))
            }
        }
    }
}

impl Claim {
    /// What an amount in the currency of the receipt is worth after what came back in it before: all parts together come
    /// to what the whole is worth, however it was cut.
    fn converted_back(&self, amount: Amount, quote: &Quote) -> Result<Eur, Refusal> {
        let too_large = |overflow: money::Overflow| Refusal::new("amount-too-large", overflow.to_string());
        let (mut altogether, mut booked) = (amount, Eur::ZERO);
        for back in self.came_back.iter().filter(|back| !back.undone) {
            let Some(before) = back.original else { continue };
            altogether = altogether
                .checked_add(before)
                .map_err(|error| Refusal::new("amount-too-large", error.to_string()))?;
            booked = booked.checked_add(back.eur).map_err(too_large)?;
        }
        let eur = self.worth_of(altogether, quote)?.checked_sub(booked).map_err(too_large)?;
        if eur > Eur::ZERO {
            return Ok(eur);
        }
        let detail = format!(
            "{amount} {} at {} for 1 EUR adds no cent to what came back before: there is nothing to book",
            amount.currency(),
            quote.rate
        );
        Err(Refusal::new(WORTH_NOTHING, detail))
    }

    /// All of a share is worth what was booked for it, which may be a cent beside its own conversion.
    fn worth_of(&self, amount: Amount, quote: &Quote) -> Result<Eur, Refusal> {
        match self.eur.filter(|_| amount == self.amount) {
            Some(eur) => Ok(eur),
            None => converted(amount, quote),
        }
    }
}

/// An amount in euro, as euros.
pub(crate) fn euros(amount: Amount) -> Result<Eur, Refusal> {
    amount.to_eur_exact().ok_or_else(|| Refusal::new("amount-too-large", money::Overflow.to_string()))
}

/// An amount at a rate: rounded once, half up, to cents. What is worth less than half a cent cannot be booked.
fn converted(amount: Amount, quote: &Quote) -> Result<Eur, Refusal> {
    let eur =
        amount.convert(quote.rate).map_err(|error| Refusal::new("amount-too-large", error.to_string()))?;
    if eur.is_zero() {
        let detail = format!(
            "{amount} {} at {} for 1 EUR is less than half a cent: there is nothing to book",
            amount.currency(),
            quote.rate
        );
        return Err(Refusal::new(WORTH_NOTHING, detail));
    }
    Ok(eur)
}

/// What a claim is worth at a rate. A share of a family's receipt is worth its share of what the whole receipt is worth,
/// so that no cent is lost or made by rounding each.
pub(super) fn shared(amount: Amount, shared: Option<Shared>, quote: &Quote) -> Result<Eur, Refusal> {
    match shared {
        None => converted(amount, quote),
        Some(shared) => shared.of_euros(converted(shared.whole, quote)?),
    }
}

impl Shared {
    /// This share of what stands on the receipt, if it is one.
    pub fn amount(&self) -> Option<Amount> {
        let shares = self.whole.split_equally(usize::try_from(self.parts).ok()?).ok()?;
        shares.get(self.place()?).copied()
    }

    /// This share of what the receipt is worth.
    fn of_euros(&self, whole: Eur) -> Result<Eur, Refusal> {
        let wrong =
            || Refusal::new("wrong-share", format!("there is no share {} of {}", self.part, self.parts));
        let parts = usize::try_from(self.parts).map_err(|_| wrong())?;
        let shares = whole.split_equally(parts).map_err(|_| wrong())?;
        self.place().and_then(|place| shares.get(place)).copied().ok_or_else(wrong)
    }

    fn place(&self) -> Option<usize> {
        usize::try_from(self.part.checked_sub(1)?).ok()
    }
}
