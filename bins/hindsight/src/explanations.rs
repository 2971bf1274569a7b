//! The explanations that each crate keeps beside its errors, one Markdown section a code.

use crate::exit::Exit;
use std::fmt::Write as _;

/// The explanation of one error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// `<crate>/<variant>`.
    pub code: &'static str,
    /// What happened, why it matters and how to fix it.
    pub text: &'static str,
    /// How a command ends with it; `None` for a code that rows are rejected with.
    pub exit: Option<Exit>,
}

impl Explanation {
    /// What happened.
    #[must_use]
    pub fn first_sentence(&self) -> &'static str {
        self.text.find(". ").map_or(self.text, |at| self.text.get(..=at).unwrap_or(self.text))
    }
}

/// The texts of every crate that this program is made of.
const TEXTS: &[&str] = &[
    include_str!("errors.md"),
    include_str!("../../query/src/errors.md"),
    // Their engines are no dependencies of this program; their words are.
    include_str!("../../../crates/analytics/src/errors.md"),
    include_str!("../../../crates/query/src/errors.md"),
    capture::ERRORS,
    contract::ERRORS,
    datasets::ERRORS,
    durable::ERRORS,
    features::ERRORS,
    feeds::ERRORS,
    labeling::ERRORS,
    quality::ERRORS,
    simulator::ERRORS,
];

/// Every explanation, by code.
///
/// ```
/// let all = hindsight::explanations();
/// let cut = all.iter().find(|e| e.code == "cli/truncated-stream").unwrap();
/// assert_eq!(cut.first_sentence(), "A stream ended without its end marker.");
/// ```
#[must_use]
pub fn explanations() -> Vec<Explanation> {
    let mut all: Vec<Explanation> = TEXTS.iter().flat_map(|text| sections(text)).collect();
    all.sort_by_key(|explanation| explanation.code);
    all
}

fn sections(text: &'static str) -> impl Iterator<Item = Explanation> {
    text.split("\n## ").skip(1).map(|section| {
        let (code, text) = section.split_once('\n').unwrap_or((section, ""));
        let code = code.trim();
        Explanation { code, text: text.trim(), exit: exit_of(code) }
    })
}

/// Codes that end a command otherwise than with 2, and those that only rows have.
const EXITS: &[(&str, Exit)] = &[
    ("analytics/bridge-interface", Exit::Bug),
    ("analytics/derived-evaluation", Exit::Bug),
    ("analytics/summary-defect", Exit::Bug),
    ("capture/archive-conflict", Exit::Integrity),
    ("capture/archive-mismatch", Exit::Integrity),
    ("capture/archive-order", Exit::Bug),
    ("capture/archive-overlap", Exit::Integrity),
    ("capture/archive-parquet", Exit::Integrity),
    ("capture/decode", Exit::Bug),
    ("capture/disk-full", Exit::Retry),
    ("capture/encode", Exit::Bug),
    ("capture/foreign-file", Exit::Integrity),
    ("capture/locked", Exit::Retry),
    ("capture/no-credit", Exit::Retry),
    ("capture/no-thread", Exit::Environment),
    ("capture/not-durable", Exit::Environment),
    ("capture/poisoned", Exit::Environment),
    ("capture/timeout", Exit::Retry),
    ("capture/vanished", Exit::Integrity),
    ("cli/all-rejected", Exit::Incomplete),
    ("cli/below-gate", Exit::Gate),
    ("cli/bug", Exit::Bug),
    ("cli/claim-changed", Exit::Integrity),
    ("cli/claim-not-met", Exit::Gate),
    ("cli/claim-read", Exit::Environment),
    ("cli/damaged-log", Exit::Integrity),
    ("cli/dataset-damaged", Exit::Integrity),
    ("cli/dataset-refused", Exit::Gate),
    ("cli/demo-failed", Exit::Gate),
    ("cli/disk-full", Exit::Retry),
    ("cli/document", Exit::Bug),
    ("cli/doctor-failed", Exit::Environment),
    ("cli/empty-input", Exit::Incomplete),
    ("cli/encode-failed", Exit::Bug),
    ("cli/not-accurate", Exit::Gate),
    ("cli/not-causal", Exit::Gate),
    ("cli/not-complete", Exit::Gate),
    ("cli/not-found", Exit::Environment),
    ("cli/nothing-to-do", Exit::Nothing),
    ("cli/permission-denied", Exit::Environment),
    ("cli/read-failed", Exit::Environment),
    ("cli/run-locked", Exit::Retry),
    ("cli/stopped", Exit::Interrupted),
    ("cli/too-many-rejects", Exit::Incomplete),
    ("cli/trailing-data", Exit::Incomplete),
    ("cli/truncated-file", Exit::Incomplete),
    ("cli/truncated-stream", Exit::Incomplete),
    ("cli/unfinished-line", Exit::Incomplete),
    ("cli/write-failed", Exit::Environment),
    ("datasets/broken-chain", Exit::Integrity),
    ("datasets/certificate-failed", Exit::Gate),
    ("datasets/damaged-version", Exit::Integrity),
    ("datasets/defect", Exit::Bug),
    ("datasets/diff-arrow", Exit::Bug),
    ("datasets/diff-doubled-row", Exit::Integrity),
    ("datasets/diff-manifest", Exit::Integrity),
    ("datasets/diff-rows", Exit::Integrity),
    ("datasets/diff-type", Exit::Integrity),
    ("datasets/erased", Exit::Gate),
    ("datasets/export-arrow", Exit::Integrity),
    ("datasets/export-shape", Exit::Integrity),
    ("datasets/lineage-word", Exit::Integrity),
    ("datasets/manifest", Exit::Bug),
    ("datasets/manifest-files", Exit::Bug),
    ("datasets/prefix-collision", Exit::Integrity),
    ("datasets/reuse", Exit::Integrity),
    ("datasets/staged-path", Exit::Bug),
    ("datasets/store-document", Exit::Bug),
    ("datasets/tail-damaged", Exit::Integrity),
    ("datasets/tail-failed", Exit::Retry),
    ("datasets/transform-arrow", Exit::Bug),
    ("datasets/verify-file", Exit::Integrity),
    ("datasets/verify-null", Exit::Integrity),
    ("datasets/verify-other-spec", Exit::Integrity),
    ("datasets/verify-spec", Exit::Bug),
    ("datasets/version-file", Exit::Integrity),
    ("datasets/withdrawn", Exit::Gate),
    ("datasets/write", Exit::Environment),
    ("durable/already-exists", Exit::Input),
    ("durable/locked", Exit::Retry),
    ("durable/no-file-name", Exit::Input),
    ("durable/no-space", Exit::Retry),
    ("durable/verify", Exit::Integrity),
    ("features/leaky-folds", Exit::Gate),
    ("features/output", Exit::Bug),
    ("features/rows-lost", Exit::Bug),
    ("feeds/empty-input", Exit::Incomplete),
    ("feeds/io", Exit::Environment),
    ("feeds/truncated-input", Exit::Incomplete),
    ("labeling/broken-invariant", Exit::Bug),
    ("labeling/changed-too-much", Exit::Gate),
    ("labeling/output", Exit::Bug),
    ("labeling/pinned-hash", Exit::Integrity),
    ("quality/arrow", Exit::Bug),
    ("quality/conservation", Exit::Bug),
    ("quality/saved-state", Exit::Integrity),
    ("query/bug", Exit::Bug),
    ("query/damaged", Exit::Integrity),
    ("query/memory", Exit::Environment),
    ("query/spill", Exit::Retry),
    ("sql/lost-rows", Exit::Incomplete),
    ("sql/prompt", Exit::Environment),
];

/// Codes that a row is rejected with.
const ROWS: &[&str] = &[
    "contract/avail-before-recv",
    "contract/conditional-missing",
    "contract/duplicate-key",
    "contract/field-count",
    "contract/line-too-long",
    "contract/malformed-line",
    "contract/malformed-value",
    "contract/negative-size",
    "contract/nesting",
    "contract/no-time",
    "contract/not-finite",
    "contract/not-utf8",
    "contract/ohlc-order",
    "contract/out-of-range",
    "contract/out-of-vocabulary",
    "contract/overflow",
    "contract/pair-mismatch",
    "contract/precision",
    "contract/time-without-zone",
    "contract/unknown-column",
    "contract/unknown-instrument",
    "contract/unknown-source",
    "datasets/repeated-row",
    "features/late-decision",
    "features/late-row",
    "features/overflow",
    "features/unusable-size",
    "feeds/field-count",
    "feeds/incomplete-line",
    "feeds/incomplete-record",
    "feeds/malformed-json",
    "feeds/malformed-record",
    "feeds/member-date-mismatch",
    "feeds/missing-field",
    "feeds/no-side",
    "feeds/nonexistent-local-time",
    "feeds/not-utf8",
    "feeds/out-of-vocabulary",
    "feeds/split-ratio",
    "feeds/symbol-mismatch",
    "feeds/unit-suspect",
    "feeds/unknown-channel",
    "feeds/unknown-symbol",
    "feeds/unmapped-instrument",
    "labeling/barrier-order",
    "labeling/broken-correction-chain",
    "labeling/duplicate-key",
    "labeling/extreme-instant",
    "labeling/fill-before-decision",
    "labeling/late-row",
    "labeling/lookahead-reference",
    "labeling/no-path",
    "labeling/opening-unknown",
    "labeling/orphan-fill",
    "labeling/overflow",
    "labeling/price-missing",
    "labeling/quantity-zero",
    "labeling/side-missing",
    "labeling/unknown-instrument",
    "quality/broken-rule",
];

fn exit_of(code: &str) -> Option<Exit> {
    if ROWS.contains(&code) {
        return None;
    }
    let rest = if code.starts_with("durable/") { Exit::Environment } else { Exit::Input };
    Some(EXITS.iter().find(|(known, _)| *known == code).map_or(rest, |(_, exit)| *exit))
}

/// The page of the generated reference that lists every code.
#[must_use]
pub(crate) fn reference() -> String {
    let mut text = String::from("| code | exit | meaning |\n|---|---|---|\n");
    for explanation in explanations() {
        let exit = explanation.exit.map_or("row", Exit::word);
        let _ = writeln!(
            text,
            "| `{}` | {exit} | {} |",
            explanation.code,
            explanation.first_sentence()
        );
    }
    text
}
