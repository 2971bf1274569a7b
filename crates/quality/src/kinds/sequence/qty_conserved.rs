//! Quantities of orders that do not add up.

use super::cells::hex;
use crate::context::Context;
use crate::dimension::Dimension;
use crate::judge::{Form, Judge};
use crate::kinds::{Action, AnyJudge, KindSpec, ParamSpec, ParamType};
use crate::marks::Marks;
use crate::rows::{Column, Rows, Slot, Slots};
use crate::verdict::NotEvaluated;
use contract::{Causality, ExecType, Severity, Vocabulary};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Orders that are over and still known, so that a late repetition is not taken for a new order.
const MAX_OVER: usize = 4_096;

/// A report that creates or destroys quantity.
///
/// By source and `order_id`: `order_qty` is not `cum_qty + leaves_qty` while the order is open; `cum_qty` falls, other than by a
/// bust or correction; or more is filled than was ordered (`cum_qty` above `order_qty`, or `last_qty` alone above it). An
/// order is over with `canceled`, `rejected`, `expired`, without leaves, or when another replaced it; reports of it still
/// must not fill more than was ordered. Reports without `order_id`, `order_qty` or `cum_qty` are not applicable. Memory is
/// bounded by open orders: beyond `limit` the check is not evaluated; of those that are over the last 4,096 are known.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct QtyConserved {
    slots: Columns<Slot>,
    limit: usize,
    orders: Orders,
    #[serde(skip)]
    key: Vec<u8>,
}

/// The columns that it reads.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Columns<C> {
    order: C,
    original: C,
    kind: C,
    ordered: C,
    leaves: C,
    cum: C,
    last: C,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Order {
    cum: i128,
    is_over: bool,
}

/// Orders by source and id; those that are over in the order in which they ended.
#[derive(Debug, Clone, Default)]
struct Orders {
    known: BTreeMap<Arc<[u8]>, Order>,
    over: VecDeque<Arc<[u8]>>,
}

impl Serialize for Orders {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let known: Vec<(String, Order)> =
            self.known.iter().map(|(key, order)| (hex::text(key), *order)).collect();
        let over: Vec<String> = self.over.iter().map(|key| hex::text(key)).collect();
        (known, over).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Orders {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (known, over) = <(Vec<(String, Order)>, Vec<String>)>::deserialize(from)?;
        let key = |text: &str| {
            let bad = || D::Error::custom("expected hexadecimal digits");
            hex::key(text).map(Arc::<[u8]>::from).ok_or_else(bad)
        };
        Ok(Self {
            known: known.iter().map(|(k, o)| Ok((key(k)?, *o))).collect::<Result<_, _>>()?,
            over: over.iter().map(|k| key(k)).collect::<Result<_, _>>()?,
        })
    }
}

impl QtyConserved {
    pub(crate) const SPEC: KindSpec = KindSpec {
        name: "qty_conserved",
        doc: "a report whose order, fills and leaves do not add up",
        dimension: Dimension::Consistency,
        severity: Severity::Critical,
        action: Action::Flag,
        causality: Causality::Causal,
        form: Form::Sequence,
        params: &[ParamSpec::new(
            "limit",
            ParamType::Count,
            Some("262144"),
            "open orders kept; beyond them the check is not evaluated",
        )],
        needs: &[],
        build: |params, slots| {
            let slots = Columns::new(slots);
            let limit = params.count("limit");
            let (orders, key) = (Orders::default(), Vec::new());
            AnyJudge::QtyConserved(Self { slots, limit, orders, key })
        },
    };
}

impl Columns<Slot> {
    fn new(slots: &mut Slots) -> Self {
        Self {
            order: slots.of("order_id"),
            original: slots.of("orig_order_id"),
            kind: slots.of("exec_type"),
            ordered: slots.of("order_qty"),
            leaves: slots.of("leaves_qty"),
            cum: slots.of("cum_qty"),
            last: slots.of("last_qty"),
        }
    }

    fn of<'a>(&self, rows: &Rows<'a>) -> Result<Columns<Column<'a>>, NotEvaluated> {
        Ok(Columns {
            order: rows.column(self.order)?,
            original: rows.column(self.original)?,
            kind: rows.column(self.kind)?,
            ordered: rows.column(self.ordered)?,
            leaves: rows.column(self.leaves)?,
            cum: rows.column(self.cum)?,
            last: rows.column(self.last)?,
        })
    }
}

impl Orders {
    fn end(&mut self, key: &[u8]) {
        let Some((key, order)) = self.known.get_key_value(key) else { return };
        if order.is_over {
            return;
        }
        let (key, order) = (Arc::clone(key), Order { is_over: true, ..*order });
        self.known.insert(Arc::clone(&key), order);
        self.over.push_back(key);
        if self.over.len() > MAX_OVER
            && let Some(oldest) = self.over.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

fn write_key(key: &mut Vec<u8>, source: u16, order: &str) {
    key.clear();
    key.extend_from_slice(&source.to_le_bytes());
    key.extend_from_slice(order.as_bytes());
}

impl Judge for QtyConserved {
    fn judge(
        &mut self,
        rows: &Rows<'_>,
        _: &Context,
        marks: &mut Marks,
    ) -> Result<(), NotEvaluated> {
        let columns = self.slots.of(rows)?;
        for row in 0..rows.len() {
            let (source, _) = rows.stream(row);
            let Some(order) = columns.order.text(row) else { continue };
            let quantities = columns.ordered.int(row).zip(columns.cum.int(row));
            let Some((ordered, cum)) = quantities else { continue };
            let kind = columns.kind.text(row).and_then(ExecType::from_word);
            if kind == Some(ExecType::Replaced)
                && let Some(original) = columns.original.text(row).filter(|o| *o != order)
            {
                write_key(&mut self.key, source, original);
                self.orders.end(&self.key);
            }
            write_key(&mut self.key, source, order);
            let known = self.orders.known.get(self.key.as_slice()).copied();
            let is_revision = matches!(kind, Some(ExecType::TradeCorrect | ExecType::TradeCancel));
            let was_over = known.is_some_and(|o| o.is_over);
            let ends =
                matches!(kind, Some(ExecType::Canceled | ExecType::Rejected | ExecType::Expired));
            let leaves = columns.leaves.int(row);
            let sum = leaves.and_then(|leaves| cum.checked_add(leaves));
            let is_over = ends || was_over || (is_revision && leaves == Some(0));
            let adds_up = leaves.is_none() || sum == Some(ordered);
            let before = known.map_or(0, |o| o.cum);
            let falls = !is_revision && cum < before;
            let last = columns.last.int(row).filter(|_| kind == Some(ExecType::Trade)).unwrap_or(0);
            let overfills = cum > ordered || last > ordered;
            marks.judge(row, !(is_over || adds_up) || falls || overfills);
            let cum = if falls { before } else { cum };
            match known {
                // A revision of an order that is long over is no new order.
                None if is_revision => {}
                None => {
                    if self.orders.known.len() - self.orders.over.len() >= self.limit {
                        self.orders = Orders::default();
                        return Err(NotEvaluated::Limit(format!("{} open orders", self.limit)));
                    }
                    let key: Arc<[u8]> = self.key.as_slice().into();
                    self.orders.known.insert(key, Order { cum, is_over: false });
                }
                Some(_) => {
                    if let Some(order) = self.orders.known.get_mut(self.key.as_slice()) {
                        order.cum = cum;
                    }
                }
            }
            if ends || leaves == Some(0) {
                self.orders.end(&self.key);
            }
        }
        Ok(())
    }
}
