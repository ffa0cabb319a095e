//! What an entry or a transaction says of an exchange between two currencies (`AmtDtls`).

use domain::bank::{BankExchange, BankRate};
use money::{Amount, Currency, Eur};

use super::fields::directed;
use super::statement::Exchanged;

impl Exchanged {
    /// Takes the text of an element below `AmtDtls`; `amount` is what it says if it is an amount. What cannot be read is
    /// left out: it moves no money.
    pub(super) fn take(&mut self, rest: &str, text: &str, amount: Option<Amount>) {
        let Some((of, part)) = rest.strip_prefix('/').and_then(|rest| rest.split_once('/')) else { return };
        let place = match of {
            "InstdAmt" => &mut self.ordered,
            "TxAmt" => &mut self.came_to[0],
            "CntrValAmt" => &mut self.came_to[1],
            _ => return,
        };
        let currency = || text.parse::<Currency>().ok();
        match part {
            "Amt" => *place = place.or(amount),
            // The same rate may stand beside each amount: the first counts.
            "CcyXchg/SrcCcy" => self.between[0] = self.between[0].or_else(currency),
            "CcyXchg/TrgtCcy" => self.between[1] = self.between[1].or_else(currency),
            "CcyXchg/UnitCcy" => self.unit = self.unit.or_else(currency),
            "CcyXchg/XchgRate" => self.rate = self.rate.or_else(|| text.parse().ok()),
            _ => {}
        }
    }

    /// What of it a line needs that stands over this amount; nothing where all is in its own currency.
    pub(super) fn of_line(&self, amount: Amount) -> Option<BankExchange> {
        let own = amount.currency();
        let signed = |stated: Amount| directed(stated, !amount.is_negative());
        let exchange = BankExchange {
            ordered: self.ordered.filter(|ordered| ordered.currency() != own).map(signed),
            eur: self.eur(amount).filter(|_| own != Currency::EUR),
            rate: self.unit.zip(self.rate).map(|(unit, rate)| BankRate { unit, rate }),
        };
        (exchange != BankExchange::default()).then_some(exchange)
    }

    /// What a line over this amount is in euro: as the bank says, or else by its rate where that is for one euro.
    fn eur(&self, amount: Amount) -> Option<Eur> {
        let stated = self.came_to.iter().chain([&self.ordered]).flatten();
        let stated = stated.copied().find(|stated| stated.currency() == Currency::EUR);
        if let Some(stated) = stated {
            return directed(stated, !amount.is_negative()).to_eur_exact();
        }
        let between = |wanted: Currency| self.between.contains(&Some(wanted));
        let rate = self.rate.filter(|_| {
            self.unit == Some(Currency::EUR) && between(amount.currency()) && between(Currency::EUR)
        })?;
        amount.convert(rate).ok()
    }
}
