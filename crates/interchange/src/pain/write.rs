//! The message, element by element, in the order of the schema.

use domain::partner::{Account, Bic};
use domain::payment::PainVersion;
use money::Eur;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use rulebook::Country;
use uuid::Uuid;

use super::text::{plain_name, plain_town};
use super::{CENTS_MAX, Initiation, InitiationFile, PainError, Rewritten, Transfer};

/// Writes a file of credit transfers: the same content gives the same bytes.
///
/// Transfers within SEPA stand in a payment instruction of their own (`SEPA`, charges by the service level), all others in
/// another (charges shared). Each is booked by itself, so that each line of the bank carries its reference.
///
/// # Errors
/// [`PainError`] where the content does not fit the schema.
pub fn write(content: &Initiation) -> Result<InitiationFile, PainError> {
    if content.transfers.is_empty() {
        return Err(PainError::Empty);
    }
    if let Some(Transfer { reference, eur, .. }) =
        content.transfers.iter().find(|transfer| !(1..=CENTS_MAX).contains(&transfer.eur.cents()))
    {
        return Err(PainError::Amount { reference: reference.clone(), eur: *eur });
    }
    let total = sum(&content.transfers.iter().collect::<Vec<_>>())?;
    let mut message =
        Message { xml: Writer::new_with_indent(Vec::new(), b' ', 2), rewritten: Vec::new(), content };
    message.write(total)?;
    let Message { xml, rewritten, .. } = message;
    let mut bytes = xml.into_inner();
    bytes.push(b'\n');
    Ok(InitiationFile { bytes, total, rewritten })
}

/// What the payment instructions of a message are called in which transfers to these accounts stand, in their order.
pub fn instruction_ids<'a>(message: Uuid, accounts: impl IntoIterator<Item = &'a Account>) -> Vec<String> {
    let sepa: Vec<bool> = accounts.into_iter().map(Account::is_within_sepa).collect();
    let first = sepa.contains(&true);
    let number = |sepa: bool| if sepa || !first { 1 } else { 2 };
    sepa.into_iter().map(|sepa| instruction_id(message, number(sepa))).collect()
}

/// A message's identity has 32 characters, which leaves room for the number of an instruction.
fn instruction_id(message: Uuid, number: usize) -> String {
    format!("{}-{number}", message.simple())
}

fn sum(transfers: &[&Transfer]) -> Result<Eur, PainError> {
    let total = Eur::sum(transfers.iter().map(|transfer| transfer.eur)).map_err(|_| PainError::Total)?;
    if total.cents() <= CENTS_MAX { Ok(total) } else { Err(PainError::Total) }
}

/// A message being written.
struct Message<'c> {
    xml: Writer<Vec<u8>>,
    rewritten: Vec<Rewritten>,
    content: &'c Initiation,
}

impl Message<'_> {
    fn write(&mut self, total: Eur) -> Result<(), PainError> {
        let content = self.content;
        self.xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let namespace = format!("urn:iso:std:iso:20022:tech:xsd:{}", content.version);
        let document = BytesStart::new("Document").with_attributes([("xmlns", namespace.as_str())]);
        self.xml.write_event(Event::Start(document))?;
        self.within("CstmrCdtTrfInitn", |m| {
            m.within("GrpHdr", |m| {
                m.leaf("MsgId", &content.message.simple().to_string())?;
                m.leaf("CreDtTm", &content.created_at.to_string())?;
                m.leaf("NbOfTxs", &content.transfers.len().to_string())?;
                m.leaf("CtrlSum", &total.to_string())?;
                m.within("InitgPty", |m| {
                    m.name(content.debtor.name.as_str())?;
                    content.debtor.sender.iter().try_for_each(|sender| m.organisation(&sender.to_string()))
                })
            })?;
            let (sepa, others): (Vec<&Transfer>, Vec<&Transfer>) =
                content.transfers.iter().partition(|transfer| transfer.to.account.is_within_sepa());
            let parts = [(true, sepa), (false, others)].into_iter().filter(|(_, part)| !part.is_empty());
            parts.enumerate().try_for_each(|(index, (sepa, part))| m.instruction(index + 1, sepa, &part))
        })?;
        self.xml.write_event(Event::End(BytesEnd::new("Document")))?;
        Ok(())
    }

    /// One payment instruction with its transfers.
    fn instruction(&mut self, number: usize, sepa: bool, transfers: &[&Transfer]) -> Result<(), PainError> {
        let content = self.content;
        self.within("PmtInf", |m| {
            m.leaf("PmtInfId", &instruction_id(content.message, number))?;
            m.leaf("PmtMtd", "TRF")?;
            m.leaf("BtchBookg", "false")?;
            m.leaf("NbOfTxs", &transfers.len().to_string())?;
            m.leaf("CtrlSum", &sum(transfers)?.to_string())?;
            if sepa {
                m.within("PmtTpInf", |m| m.within("SvcLvl", |m| m.leaf("Cd", "SEPA")))?;
            }
            let day = content.execute_on.to_string();
            match content.version {
                PainVersion::V03 => m.leaf("ReqdExctnDt", &day)?,
                PainVersion::V09 => m.within("ReqdExctnDt", |m| m.leaf("Dt", &day))?,
            }
            m.within("Dbtr", |m| m.name(content.debtor.name.as_str()))?;
            m.within("DbtrAcct", |m| m.within("Id", |m| m.leaf("IBAN", &content.debtor.iban.to_string())))?;
            m.within("DbtrAgt", |m| {
                m.within("FinInstnId", |m| match &content.debtor.bic {
                    Some(bic) => m.bic(bic),
                    None => m.within("Othr", |m| m.leaf("Id", "NOTPROVIDED")),
                })
            })?;
            m.leaf("ChrgBr", if sepa { "SLEV" } else { "SHAR" })?;
            transfers.iter().try_for_each(|transfer| m.transfer(transfer))
        })
    }

    fn transfer(&mut self, transfer: &Transfer) -> Result<(), PainError> {
        let reference = transfer.reference.as_str();
        self.within("CdtTrfTxInf", |m| {
            m.within("PmtId", |m| m.leaf("EndToEndId", reference))?;
            m.within("Amt", |m| {
                let amount = BytesStart::new("InstdAmt").with_attributes([("Ccy", "EUR")]);
                m.element(amount, &transfer.eur.to_string())
            })?;
            // Where no bank is named the element may be left out: an IBAN says which it is.
            match &transfer.to.account {
                Account::Iban { bic: Some(bic), .. } => {
                    m.within("CdtrAgt", |m| m.within("FinInstnId", |m| m.bic(bic)))?;
                }
                Account::Iban { bic: None, .. } => {}
                Account::Local { bank, bic, seat, .. } => m.within("CdtrAgt", |m| {
                    m.within("FinInstnId", |m| {
                        bic.iter().try_for_each(|bic| m.bic(bic))?;
                        m.name(bank.as_str())?;
                        seat.iter().try_for_each(|seat| {
                            m.within("PstlAdr", |m| {
                                m.leaf("TwnNm", &plain_town(seat.town.as_str()))?;
                                m.leaf("Ctry", &country(seat.country))
                            })
                        })
                    })
                })?,
            }
            m.within("Cdtr", |m| m.name(transfer.to.name_for_bank().as_str()))?;
            m.within("CdtrAcct", |m| {
                m.within("Id", |m| match &transfer.to.account {
                    Account::Iban { iban, .. } => m.leaf("IBAN", &iban.to_string()),
                    Account::Local { number, .. } => m.within("Othr", |m| m.leaf("Id", &number.to_string())),
                })
            })?;
            m.within("RmtInf", |m| {
                m.within("Strd", |m| {
                    m.within("CdtrRefInf", |m| {
                        m.within("Tp", |m| m.within("CdOrPrtry", |m| m.leaf("Cd", "SCOR")))?;
                        m.leaf("Ref", reference)
                    })
                })
            })
        })
    }

    fn bic(&mut self, bic: &Bic) -> Result<(), PainError> {
        let code = bic.to_string();
        match self.content.version {
            PainVersion::V09 => self.leaf("BICFI", &code),
            PainVersion::V03 if fits_the_older_form(&code) => self.leaf("BIC", &code),
            PainVersion::V03 => Err(PainError::Bic(bic.clone())),
        }
    }

    /// The number under which the bank knows an organisation.
    fn organisation(&mut self, number: &str) -> Result<(), PainError> {
        self.within("Id", |m| {
            m.within("OrgId", |m| {
                m.within("Othr", |m| {
                    m.leaf("Id", number)?;
                    m.within("SchmeNm", |m| m.leaf("Cd", "BANK"))
                })
            })
        })
    }

    /// A name, in the characters of banks.
    fn name(&mut self, name: &str) -> Result<(), PainError> {
        let written = plain_name(name);
        self.leaf("Nm", &written)?;
        let rewritten = Rewritten { name: name.to_owned(), written };
        if rewritten.name != rewritten.written && !self.rewritten.contains(&rewritten) {
            self.rewritten.push(rewritten);
        }
        Ok(())
    }

    fn within(
        &mut self,
        name: &str,
        inside: impl FnOnce(&mut Self) -> Result<(), PainError>,
    ) -> Result<(), PainError> {
        self.xml.write_event(Event::Start(BytesStart::new(name)))?;
        inside(self)?;
        self.xml.write_event(Event::End(BytesEnd::new(name)))?;
        Ok(())
    }

    fn leaf(&mut self, name: &str, text: &str) -> Result<(), PainError> {
        self.element(BytesStart::new(name), text)
    }

    fn element(&mut self, start: BytesStart<'_>, text: &str) -> Result<(), PainError> {
        let end = start.to_end().into_owned();
        self.xml.write_event(Event::Start(start))?;
        self.xml.write_event(Event::Text(BytesText::new(text)))?;
        self.xml.write_event(Event::End(end))?;
        Ok(())
    }
}

/// A country as ISO has it: Somaliland has no code of its own there.
fn country(country: Country) -> String {
    let code = country.to_string();
    if code == "XS" { "SO".to_owned() } else { code }
}

/// `[A-Z]{6}[A-Z2-9][A-Z0-9]([A-Z0-9]{3})?`, of what is a BIC.
fn fits_the_older_form(bic: &str) -> bool {
    let (bank, place) = bic.as_bytes().split_at(bic.len().min(6));
    bank.iter().all(u8::is_ascii_uppercase) && !place.starts_with(b"0") && !place.starts_with(b"1")
}
