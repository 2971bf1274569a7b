//! The byte form of a state, version 1.

use super::{CheckError, TableState};
use crate::kinds::AnyJudge;
use crate::rule_set::RuleSet;
use crate::tally::Tally;
use crate::verdict::NotEvaluated;
use contract::{QualityMode, Vocabulary};
use serde::{Deserialize, Serialize};

/// Format of the bytes.
const FORMAT: u16 = 1;

#[derive(Deserialize)]
struct Head {
    format: u16,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u16,
    rules: String,
    mode: String,
    parts: (u64, u64),
    rows: u64,
    seqs: Option<(u64, u64)>,
    checks: Vec<Check>,
}

#[derive(Serialize, Deserialize)]
struct Check {
    judge: AnyJudge,
    tally: Tally,
    not_evaluated: Option<NotEvaluated>,
}

impl TableState {
    /// The state as bytes; restored and continued it gives the same answers as one that never stopped.
    ///
    /// # Errors
    /// [`CheckError::SavePart`] for a part that waits for the one before it.
    pub fn save(&self) -> Result<Vec<u8>, CheckError> {
        if self.held.is_some() {
            return Err(CheckError::SavePart { part: self.parts.0 });
        }
        let checks = self.checks.iter().map(|c| Check {
            judge: c.judge.clone(),
            tally: c.tally.clone(),
            not_evaluated: c.not_evaluated.clone(),
        });
        let saved = Saved {
            format: FORMAT,
            rules: self.rules.hash().to_string(),
            mode: self.mode.word().to_owned(),
            parts: self.parts,
            rows: self.rows,
            seqs: self.seqs,
            checks: checks.collect(),
        };
        serde_json::to_vec(&saved).map_err(|e| CheckError::Saved { what: e.to_string() })
    }

    /// A state from its bytes.
    ///
    /// # Errors
    /// [`CheckError::LaterFormat`] for bytes of a later version, [`CheckError::OtherRules`] for those of other rules,
    /// [`CheckError::Saved`] for what is no state.
    pub fn restore(rules: &RuleSet, bytes: &[u8]) -> Result<Self, CheckError> {
        let refuse = |what: String| CheckError::Saved { what };
        let head: Head = serde_json::from_slice(bytes).map_err(|e| refuse(e.to_string()))?;
        if head.format > FORMAT {
            return Err(CheckError::LaterFormat { known: FORMAT, found: head.format });
        }
        let saved: Saved = serde_json::from_slice(bytes).map_err(|e| refuse(e.to_string()))?;
        let mode = QualityMode::from_word(&saved.mode)
            .ok_or_else(|| refuse(format!("unknown mode `{}`", saved.mode)))?;
        let found = contract::Hash::parse(&saved.rules).map_err(|e| refuse(e.to_string()))?;
        if found != rules.hash() {
            return Err(CheckError::OtherRules { expected: rules.hash(), found });
        }
        let mut state = Self::new(rules, mode);
        if saved.checks.len() != state.checks.len() {
            let (expected, found) = (state.checks.len(), saved.checks.len());
            return Err(refuse(format!("expected {expected} checks, found {found}")));
        }
        state.parts = saved.parts;
        state.rows = saved.rows;
        state.seqs = saved.seqs;
        for (check, saved) in state.checks.iter_mut().zip(saved.checks) {
            check.judge = saved.judge;
            check.tally = saved.tally;
            check.not_evaluated = saved.not_evaluated;
        }
        Ok(state)
    }
}
