//! A file of bank statements, read and hashed in one go.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use interchange::camt::{
    BankStatement, CsvMapping, MAPPING_BYTES_MAX, StatedBalances, check_statements, read_csv_statement,
    read_statements,
};
use money::{Amount, Locale};
use sha2::{Digest, Sha256};

use super::file_name;
use crate::error::AppError;

/// How a statement as CSV is read.
#[derive(Debug, Clone)]
pub struct CsvStatement {
    /// The file with the mapping (TOML).
    pub mapping: PathBuf,
    /// The balance before the first row, where no column has it.
    pub opening: Option<String>,
    /// The balance after the last row.
    pub closing: Option<String>,
}

impl CsvStatement {
    /// Reads the mapping, and the balances in its currency.
    fn open(&self) -> Result<(CsvMapping, StatedBalances), AppError> {
        let name = file_name(&self.mapping, "mapping");
        let file = File::open(&self.mapping).map_err(AppError::io(format!("{name} cannot be opened")))?;
        let mut document = String::new();
        let mut limited = file.take(MAPPING_BYTES_MAX);
        limited.read_to_string(&mut document).map_err(AppError::io(format!("{name} cannot be read")))?;
        let mapping =
            CsvMapping::parse(&document).map_err(|error| AppError::Usage(format!("{name}: {error}")))?;
        let amount = |option: &str, text: &Option<String>| {
            let parse = |text: &String| Amount::parse(text, mapping.currency, Locale::Strict);
            let amount = text.as_ref().map(parse).transpose();
            amount.map_err(|error| AppError::Usage(format!("--{option}: {error}")))
        };
        let (opening, closing) = (amount("opening", &self.opening)?, amount("closing", &self.closing)?);
        Ok((mapping, StatedBalances { opening, closing }))
    }
}

/// Reads a file, camt or CSV; answers with its statements and its SHA-256. The bytes that are read are those that are
/// hashed, whoever changes the file meanwhile.
pub(super) fn read(
    path: &Path,
    name: &str,
    csv: Option<&CsvStatement>,
) -> Result<(Vec<BankStatement>, [u8; 32]), AppError> {
    let mut file = File::open(path).map_err(AppError::io(format!("{name} cannot be opened")))?;
    if csv.is_none() {
        // What is refused is refused before anything of it is kept.
        check_statements(name, BufReader::new(&file))?;
        file.rewind().map_err(AppError::io(format!("{name} cannot be read")))?;
    }
    let mut hashing = Hashing::of(file);
    let statements = match csv {
        Some(csv) => {
            let (mapping, balances) = csv.open()?;
            vec![read_csv_statement(name, &mut hashing, &mapping, balances)?]
        }
        None => read_statements(name, BufReader::new(&mut hashing))?,
    };
    let sha256 = hashing.finish().map_err(AppError::io(format!("{name} cannot be read")))?;
    Ok((statements, sha256))
}

/// Notes the digest of what is read.
pub(crate) struct Hashing<Rd> {
    inner: Rd,
    hash: Sha256,
}

impl<Rd: Read> Hashing<Rd> {
    pub(crate) fn of(inner: Rd) -> Self {
        Self { inner, hash: Sha256::new() }
    }

    /// The digest of the whole file: a reader may have stopped before its end.
    pub(crate) fn finish(mut self) -> io::Result<[u8; 32]> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.hash.finalize().into())
    }
}

impl<Rd: Read> Read for Hashing<Rd> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        Ok(n)
    }
}
