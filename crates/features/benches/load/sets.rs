//! The feature sets that are measured.

use crate::Result;
use features::Spec;

/// Forty columns of five families.
const F40: &[&str] = &[
    "price__log_ret__{1s,10s,1m,5m}",
    "price__zscore__{1m,5m}",
    "price__pos_in_range__{1m,5m}",
    "book__{spread_bps,qi,wmid_dev_bps,quote_age_ns}__now",
    "book__{spread_tw_bps,qi_tw,ofi_norm,quote_rate_per_s}__{10s,1m}",
    "book__ofi_qty__{1s,10s,1m}",
    "flow__{n_trades,imb_vol}__{1s,10s,1m}",
    "flow__vol_qty__{10s,1m,5m}",
    "flow__imb_count__10s",
    "flow__vwap_dev_bps__{1m,5m}",
    "vol__rv__{1m,5m}",
    "flow__avg_size_qty__1m",
    "liq__eff_spread_bps__1m",
    "vol__bv__5m",
];

/// Forty more: other windows of the same measures, and other measures.
const F80: &[&str] = &[
    "price__log_ret__{2s,5s,30s,2m}",
    "price__{dist_high,dist_low}__{1m,5m}",
    "price__efficiency__{1m,5m}",
    "price__ret_autocorr__5m",
    "price__trade_dev_bps__now",
    "book__spread_tw_bps__5m",
    "book__spread_ratio__5m",
    "book__{ofi_qty,ofi_norm}__5m",
    "book__{mid_moves,mid_up_share}__{10s,1m}",
    "book__two_sided_share__{1m,5m}",
    "flow__n_trades__5m",
    "flow__vol_qty__1s",
    "flow__signed_vol_qty__{1s,10s,1m,5m}",
    "flow__imb_vol__5m",
    "flow__{last_sign,run_len,trade_age_ns}__now",
    "flow__sign_autocorr__{1m,5m}",
    "flow__at_ask_share__1m",
    "flow__at_bid_share__1m",
    "liq__eff_spread_bps__5m",
    "vol__jump_share__5m",
    "vol__range_bps__{1m,5m}",
];

/// Ten more, for the row of ninety.
const F90: &[&str] = &[
    "flow__imb_count__{1s,1m}",
    "flow__max_size_share__{1m,5m}",
    "flow__sign_flag_share__5m",
    "vol__medrv__5m",
    "vol__semi_skew__5m",
    "liq__zero_ret_share__5m",
    "liq__depth_turnover__{1m,5m}",
];

/// The spec of a set.
pub(crate) fn spec(set: &str) -> Result<Spec> {
    let names: Vec<&str> = match set {
        "f40" => F40.to_vec(),
        "f80" => [F40, F80].concat(),
        "f90" => [F40, F80, F90].concat(),
        "all" => return Ok(Spec::default_set(&[])),
        other => other.split(';').collect(),
    };
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    Ok(Spec::parse(&format!("features = [{}]", quoted.join(", ")))?)
}
