//! What a template says to whoever fills it in, in English and in Swedish.

use domain::Period;

/// Lines of the sheet `Instructions`: English, Swedish.
pub(super) fn lines(partner: &str, period: Period) -> Vec<[String; 2]> {
    let period = format!("{} – {}", period.first(), period.last());
    let fixed = [
        [
            "Fill in the sheet Spend: one row for each receipt. The other sheets are for reading only.",
            "Fyll i bladet Spend: en rad per kvitto. De andra bladen är bara till för läsning.",
        ],
        [
            "case_ref: the case reference from the sheet Cases. A receipt for a family: all references with + between them; the amount is shared equally.",
            "case_ref: ärendets referens från bladet Cases. Ett kvitto för en familj: alla referenser med + emellan; beloppet delas lika.",
        ],
        [
            "category: choose from the list. currency: the currency of the receipt, not euro, unless it was paid in euro.",
            "category: välj i listan. currency: kvittots valuta, inte euro, om det inte betalades i euro.",
        ],
        [
            "A fee for your own work: category partner-fee, and case_ref empty. It is for no person and takes nothing of what is left for anybody.",
            "En avgift för ert eget arbete: kategori partner-fee och case_ref tom. Den gäller ingen person och minskar inte det som återstår för någon.",
        ],
        [
            "Sheet Cases: remaining_eur is the cap less what has been accepted. available_eur is what can still be promised: remaining_eur less what is planned, reported and not yet decided, or waiting for its exchange rate.",
            "Bladet Cases: remaining_eur är takbeloppet minus det som har godkänts. available_eur är vad som ännu kan utlovas: remaining_eur minus det som är planerat, redovisat men inte beslutat, eller väntar på sin växelkurs.",
        ],
        [
            "delivered_on: the day of the delivery. amount: the whole amount of the receipt, without the currency.",
            "delivered_on: dagen för leveransen. amount: kvittots hela belopp, utan valuta.",
        ],
        [
            "supplier and receipt_no: as on the receipt. Each receipt is reported once.",
            "supplier och receipt_no: som på kvittot. Varje kvitto redovisas en gång.",
        ],
        [
            "receipt_sha256: may be left empty. Send each receipt as a file named by its receipt_no, for example R-17.pdf.",
            "receipt_sha256: får lämnas tom. Skicka varje kvitto som en fil med receipt_no som namn, till exempel R-17.pdf.",
        ],
        [
            "description: what was delivered, in few words. No names and no identity numbers.",
            "description: vad som levererades, med få ord. Inga namn och inga personnummer.",
        ],
        [
            "Do not merge cells, and do not add or rename columns.",
            "Slå inte ihop celler, och lägg inte till eller byt namn på kolumner.",
        ],
    ];
    let mut lines = vec![
        ["Spend report".to_owned(), "Redovisning av stödinsatser".to_owned()],
        [format!("Partner: {partner}"), format!("Samarbetsorganisation: {partner}")],
        [format!("Delivered in: {period}"), format!("Levererat under: {period}")],
    ];
    lines.extend(fixed.map(|line| line.map(str::to_owned)));
    lines
}
