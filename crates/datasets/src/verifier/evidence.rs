//! What the verifier is handed besides the files: reports of the stages before.

use contract::{Batch, CausalityReport, Hash, LabelAudits};

/// Reports that a certificate takes over. What is missing is not evaluated; it is never assumed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Report of the features stage.
    pub causality: Option<&'a CausalityReport>,
    /// Hash of the feature set of the features that went in, where their table carries it.
    pub feature_spec_hash: Option<Hash>,
    /// Audits of labels.
    pub label_audits: &'a [AuditVerdict],
}

/// A verdict out of the table `label_audits`.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditVerdict {
    /// The target.
    pub target: String,
    /// Rules of the labels that were looked at.
    pub rules_hash: Hash,
    /// Their measures.
    pub measures_hash: Hash,
    /// When the audit was known, in nanoseconds; the latest one counts.
    pub ts_avail: i64,
    /// Labels compared.
    pub n: u64,
    /// Lower bound of the share that agrees. It is kept out of the certificate, whose bytes are the same anywhere.
    pub agreement_low: f64,
    /// Whether it was above its bar.
    pub passed: bool,
}

impl AuditVerdict {
    /// The verdicts in a batch, in its order.
    ///
    /// ```
    /// use contract::{EventId, Hash, LabelAudits, TableBuilder, UtcNanos};
    /// use datasets::AuditVerdict;
    /// let at = UtcNanos::parse("2026-07-01T00:00:00Z")?;
    /// let mut rows = TableBuilder::<LabelAudits>::new(at);
    /// rows.set(&LabelAudits::AUDIT_ID, EventId::from_bytes([1; 16]))
    ///     .set(&LabelAudits::TS_AVAIL, at)
    ///     .set(&LabelAudits::TARGET, "intraday.grade")
    ///     .set(&LabelAudits::RULES_HASH, Hash::from_bytes([2; 32]))
    ///     .set(&LabelAudits::MEASURES_HASH, Hash::from_bytes([3; 32]))
    ///     .set(&LabelAudits::N, 400_u64)
    ///     .set(&LabelAudits::N_AGREE, 399_u64)
    ///     .set(&LabelAudits::AGREEMENT, 0.9975)
    ///     .set(&LabelAudits::AGREEMENT_LOW, 0.986)
    ///     .set(&LabelAudits::BAR, 0.98)
    ///     .set(&LabelAudits::VERDICT, "passed")
    ///     .set(&LabelAudits::SEED, 7_u64);
    /// rows.end_row()?;
    /// let batch = contract::Batch::<LabelAudits>::parse(&rows.finish()?.into_record_batch())?;
    /// let verdicts = AuditVerdict::from_batch(&batch);
    /// assert_eq!((verdicts[0].passed, verdicts[0].n), (true, 400));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn from_batch(rows: &Batch<LabelAudits>) -> Vec<Self> {
        let hash = |bytes: &[u8]| {
            let mut hash = [0; 32];
            for (to, from) in hash.iter_mut().zip(bytes) {
                *to = *from;
            }
            Hash::from_bytes(hash)
        };
        (0..rows.len())
            .map(|row| Self {
                target: rows.cell(&LabelAudits::TARGET, row).unwrap_or_default().to_owned(),
                rules_hash: hash(rows.col(&LabelAudits::RULES_HASH).value(row)),
                measures_hash: hash(rows.col(&LabelAudits::MEASURES_HASH).value(row)),
                ts_avail: rows.col(&LabelAudits::TS_AVAIL).value(row),
                n: rows.col(&LabelAudits::N).value(row),
                agreement_low: rows.col(&LabelAudits::AGREEMENT_LOW).value(row),
                passed: rows.cell(&LabelAudits::VERDICT, row) == Ok("passed"),
            })
            .collect()
    }
}
