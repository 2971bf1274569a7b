//! What the source itself says against a row.

use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec};
use crate::marks::Marks;
use crate::rows::{Lane, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, Flags, Severity};
use serde::{Deserialize, Serialize};

/// Bits by which a vendor says that a row, or the book that it comes from, may be wrong.
const SUSPECT: Flags = Flags::VENDOR_SUSPECT.with(Flags::MAYBE_BAD_BOOK);

fn sweep(rows: &Rows<'_>, slot: Slot, bits: Flags, marks: &mut Marks) -> Result<(), NotEvaluated> {
    let column = rows.column(slot)?;
    let Lane::U16(flags) = column.lane else {
        return Err(rows.wrong_type(slot, "UInt16", column.array.data_type()));
    };
    marks.sweep_values(flags, column.nulls, |f: u16| (true, f & bits.bits() != 0));
    Ok(())
}

/// Rows that the vendor marked: `VENDOR_SUSPECT`, or `MAYBE_BAD_BOOK`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VendorSuspect {
    flags: Slot,
}

impl VendorSuspect {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "vendor_suspect",
        doc: "the vendor marked the row, or its book, as doubtful",
        dimension: Dimension::Accuracy,
        severity: Severity::Error,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[],
        needs: &[],
        build: |_, slots| AnyJudge::VendorSuspect(Self::new(slots)),
    };

    fn new(slots: &mut Slots) -> Self {
        Self { flags: slots.of("flags") }
    }
}

impl Judge for VendorSuspect {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        sweep(rows, self.flags, SUSPECT, marks)
    }
}

/// Rows that were inferred after a disconnect, not received.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Inferred {
    flags: Slot,
}

impl Inferred {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "inferred",
        doc: "rebuilt after a disconnect, not received",
        dimension: Dimension::Accuracy,
        severity: Severity::Warn,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Row,
        params: &[],
        needs: &[],
        build: |_, slots| AnyJudge::Inferred(Self::new(slots)),
    };

    fn new(slots: &mut Slots) -> Self {
        Self { flags: slots.of("flags") }
    }
}

impl Judge for Inferred {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        sweep(rows, self.flags, Flags::INFERRED, marks)
    }
}
