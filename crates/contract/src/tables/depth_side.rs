//! The columns of `depths` by side and level.

use super::Depths;
use crate::types::{Column, kind};

type Nullable<V> = &'static Column<Depths, kind::Opt<V>>;
type Levels<V> = [Nullable<V>; 10];
/// The columns of one level: price, size, orders.
type Level = (Nullable<kind::Px>, Nullable<kind::Size>, Nullable<kind::U32>);

/// The columns of one side of `depths`, best level first.
///
/// ```
/// use contract::DepthSide;
/// assert_eq!(DepthSide::BIDS.px[0].name(), "bid_px_00");
/// assert_eq!(DepthSide::ASKS.ct[9].name(), "ask_ct_09");
/// ```
#[derive(Debug)]
pub struct DepthSide {
    /// Prices.
    pub px: Levels<kind::Px>,
    /// Sizes.
    pub size: Levels<kind::Size>,
    /// Orders.
    pub ct: Levels<kind::U32>,
}

impl DepthSide {
    /// Columns of the bids.
    pub const BIDS: Self = Self {
        px: [
            &Depths::BID_PX_00,
            &Depths::BID_PX_01,
            &Depths::BID_PX_02,
            &Depths::BID_PX_03,
            &Depths::BID_PX_04,
            &Depths::BID_PX_05,
            &Depths::BID_PX_06,
            &Depths::BID_PX_07,
            &Depths::BID_PX_08,
            &Depths::BID_PX_09,
        ],
        size: [
            &Depths::BID_SIZE_00,
            &Depths::BID_SIZE_01,
            &Depths::BID_SIZE_02,
            &Depths::BID_SIZE_03,
            &Depths::BID_SIZE_04,
            &Depths::BID_SIZE_05,
            &Depths::BID_SIZE_06,
            &Depths::BID_SIZE_07,
            &Depths::BID_SIZE_08,
            &Depths::BID_SIZE_09,
        ],
        ct: [
            &Depths::BID_CT_00,
            &Depths::BID_CT_01,
            &Depths::BID_CT_02,
            &Depths::BID_CT_03,
            &Depths::BID_CT_04,
            &Depths::BID_CT_05,
            &Depths::BID_CT_06,
            &Depths::BID_CT_07,
            &Depths::BID_CT_08,
            &Depths::BID_CT_09,
        ],
    };
    /// Columns of the asks.
    pub const ASKS: Self = Self {
        px: [
            &Depths::ASK_PX_00,
            &Depths::ASK_PX_01,
            &Depths::ASK_PX_02,
            &Depths::ASK_PX_03,
            &Depths::ASK_PX_04,
            &Depths::ASK_PX_05,
            &Depths::ASK_PX_06,
            &Depths::ASK_PX_07,
            &Depths::ASK_PX_08,
            &Depths::ASK_PX_09,
        ],
        size: [
            &Depths::ASK_SIZE_00,
            &Depths::ASK_SIZE_01,
            &Depths::ASK_SIZE_02,
            &Depths::ASK_SIZE_03,
            &Depths::ASK_SIZE_04,
            &Depths::ASK_SIZE_05,
            &Depths::ASK_SIZE_06,
            &Depths::ASK_SIZE_07,
            &Depths::ASK_SIZE_08,
            &Depths::ASK_SIZE_09,
        ],
        ct: [
            &Depths::ASK_CT_00,
            &Depths::ASK_CT_01,
            &Depths::ASK_CT_02,
            &Depths::ASK_CT_03,
            &Depths::ASK_CT_04,
            &Depths::ASK_CT_05,
            &Depths::ASK_CT_06,
            &Depths::ASK_CT_07,
            &Depths::ASK_CT_08,
            &Depths::ASK_CT_09,
        ],
    };

    /// The columns of each level.
    pub fn columns(&self) -> impl Iterator<Item = Level> {
        self.px.iter().zip(&self.size).zip(&self.ct).map(|((px, size), ct)| (*px, *size, *ct))
    }
}
