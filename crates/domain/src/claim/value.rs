//! What amounts in other currencies are worth in euro.

use money::{Amount, Currency, Eur};

use super::event::{Exchange, Original};
use super::state::Claim;
use crate::rates::{self, Quote};
use crate::refusal::Refusal;

impl Exchange {
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

impl Claim {
    /// The rate it was converted at; none for euros, and while it waits for its rate.
    pub fn quote(&self) -> Option<Quote> {
        self.exchange.as_ref().and_then(|exchange| exchange.quote)
    }

    /// What is worth how much of what this claim was converted at: an amount in euro is itself, one in the currency of
    /// the claim takes the rate of the claim, also where the source has published another one since.
    pub fn value_of(&self, amount: Amount) -> Result<(Eur, Option<Original>), Refusal> {
        if amount.currency() == Currency::EUR {
            return Ok((euros(amount)?, None));
        }
        match self.quote().filter(|_| amount.currency() == self.amount.currency()) {
            Some(quote) => Ok((converted(amount, &quote)?, Some(Original { amount, quote }))),
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
        return Err(Refusal::new("worth-nothing", detail));
    }
    Ok(eur)
}
