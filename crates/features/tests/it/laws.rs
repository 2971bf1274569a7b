//! The kit for users' features over the whole catalogue, and each of its laws broken once.

use contract::Reaction;
use features::testing::{assert_feature, check, reactions};
use features::{
    Catalogue, Declaration, Formula, Mirror, Needs, Null, Plan, QuoteOf, Scaling, Series, Spec,
    Window,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const S: i64 = 1_000_000_000;

/// Features that no change of their inputs moves.
const UNREACTIVE: [&str; 0] = [];

/// Nearly all trades of the kit's market carry a flag, so that hardly any sign comes from a quote.
const FLAGGED: &str =
    "a minute before the window is declared for signs, most of which are flags here";
const NO_LINK: &str = "a minute before the window is declared for states, of which it uses none";
const SESSION: &str = "a session may have opened a day ago; this one opened half an hour ago";
const ANCHOR: &str = "the lookback reaches to the anchor that is furthest back; this one is nearer";
const STATE: &str =
    "the lookback is that of the oldest state and what it hangs on; here both are fresh";

/// Features whose lookback is longer than what moves them, by the beginning of their names, and why.
const LOOSE: [(&str, &str); 16] = [
    ("book__quote_age_ns__now", STATE),
    ("flow__imb_count__1s", FLAGGED),
    ("flow__imb_vol__1s", FLAGGED),
    ("flow__intensity_per_s__", ANCHOR),
    ("flow__last_sign__now", STATE),
    ("flow__run_len__now", STATE),
    ("flow__signed_vol_qty__1s", FLAGGED),
    ("flow__vwap_dev_bps__sess", SESSION),
    ("price__dist_high__", NO_LINK),
    ("price__dist_low__", NO_LINK),
    ("price__log_ret__n", STATE),
    ("price__log_ret__sess", SESSION),
    ("price__pos_in_range__", NO_LINK),
    ("price__zscore__", NO_LINK),
    ("vol__ewma__", ANCHOR),
    ("vol__range_bps__", NO_LINK),
];

fn default_plan() -> Arc<Plan> {
    Arc::new(Spec::default_set(&["mkt"]).resolve(&Catalogue::builtin()).unwrap())
}

#[test]
fn the_whole_catalogue_keeps_every_law() {
    assert_eq!(check(&default_plan()).unwrap(), Vec::new());
}

#[test]
fn every_feature_of_the_catalogue_reacts_to_its_inputs() {
    let found = reactions(&default_plan()).unwrap();
    let of = |reaction| -> Vec<&str> {
        found.iter().filter(|(_, r)| **r == reaction).map(|(name, _)| name.as_str()).collect()
    };
    let loose = of(Reaction::Loose);
    let unexplained: Vec<&&str> =
        loose.iter().filter(|name| !LOOSE.iter().any(|(stem, _)| name.starts_with(stem))).collect();
    assert_eq!((of(Reaction::Unreactive), unexplained), (UNREACTIVE.to_vec(), Vec::new()));
    let stale = LOOSE.iter().filter(|(stem, _)| !loose.iter().any(|name| name.starts_with(stem)));
    assert_eq!(stale.collect::<Vec<_>>(), Vec::<&(&str, &str)>::new());
}

/// Laws that a feature breaks.
fn broken(
    declaration: Declaration,
    needs: Needs,
    eval: impl Fn(&features::At<'_>) -> Result<f64, Null> + Send + Sync + 'static,
) -> BTreeSet<&'static str> {
    let name = declaration.name.clone();
    let catalogue = Catalogue::builtin().with(Formula::new(declaration, needs, eval)).unwrap();
    let spec = Spec::parse(&format!("features = [\"{name}\"]")).unwrap();
    let plan = Arc::new(spec.resolve(&catalogue).unwrap());
    check(&plan).unwrap().into_iter().map(|b| b.law).collect()
}

fn quoted(name: &str) -> (Declaration, Needs, QuoteOf) {
    let mut needs = Needs::new();
    let quote = needs.own().quote();
    (Declaration::new(name, "Made for a test."), needs, quote)
}

/// The spread in units of price.
fn spread(at: &features::At<'_>, quote: QuoteOf) -> Result<f64, Null> {
    let quote = at.valid_quote(quote)?;
    Ok((quote.ask_px().unwrap_or(0) - quote.bid_px().unwrap_or(0)) as f64 / 1e9)
}

#[test]
fn a_sound_feature_passes() {
    let (mut declaration, needs, quote) = quoted("x_kit__spread__now");
    declaration.scaling = Scaling { px: Some(1), size: Some(0) };
    declaration.mirror = Mirror::Even;
    declaration.domain = (0.0, f64::INFINITY);
    assert_feature(Formula::new(declaration.clone(), needs.clone(), move |at| spread(at, quote)));
    assert_eq!(broken(declaration, needs, move |at| spread(at, quote)), BTreeSet::new());
}

#[test]
fn a_wrong_degree_is_found() {
    let (mut declaration, needs, quote) = quoted("x_kit__spread__now");
    declaration.scaling = Scaling { px: Some(0), size: Some(1) };
    let found = broken(declaration, needs, move |at| spread(at, quote));
    assert_eq!(
        found,
        BTreeSet::from(["declared degree under prices", "declared degree under sizes"])
    );
}

#[test]
fn a_wrong_mirror_is_found() {
    let (mut declaration, needs, quote) = quoted("x_kit__spread__now");
    declaration.mirror = Mirror::Odd;
    let found = broken(declaration, needs, move |at| spread(at, quote));
    assert_eq!(found, BTreeSet::from(["declared mirror"]));
}

#[test]
fn a_value_outside_the_domain_is_found() {
    let (mut declaration, needs, quote) = quoted("x_kit__spread__now");
    declaration.domain = (0.0, 0.01);
    let found = broken(declaration, needs, move |at| spread(at, quote));
    assert_eq!(found, BTreeSet::from(["declared domain"]));
}

#[test]
fn a_value_that_is_no_number_is_found() {
    let (declaration, needs, quote) = quoted("x_kit__spread__now");
    let found = broken(declaration, needs, move |at| Ok(1.0 / (spread(at, quote)? - 0.02)));
    assert_eq!(found, BTreeSet::from(["no value is infinite or undefined"]));
}

#[test]
fn a_feature_without_values_is_found() {
    let (declaration, needs, _) = quoted("x_kit__none__now");
    let found = broken(declaration, needs, |_| Err(Null::Empty));
    assert_eq!(found, BTreeSet::from(["certificate", "has values"]));
}

#[test]
fn a_clock_read_as_a_number_is_found() {
    let (declaration, needs, quote) = quoted("x_kit__clock__now");
    let found = broken(declaration, needs, move |at| {
        at.quote(quote)?;
        Ok(at.cutoff() as f64)
    });
    assert!(found.contains("the same a whole number of weeks later"), "{found:?}");
}

#[test]
fn memory_is_found_by_every_way_to_cut_the_rows() {
    let mut needs = Needs::new();
    let n = needs.own().count(Series::Quotes, Window::Span(10 * S));
    let before = Mutex::new(0.0);
    let found = broken(Declaration::new("x_kit__memory__10s", "Before."), needs, move |at| {
        Ok(std::mem::replace(&mut *before.lock().unwrap(), at.sum(n)? as f64))
    });
    assert!(found.contains("certificate"), "{found:?}");
    assert!(found.contains("a restart one lookback earlier gives the same"), "{found:?}");
}

#[test]
fn a_constant_is_found_to_be_one() {
    let (declaration, needs, quote) = quoted("x_kit__one__now");
    let found = broken(declaration, needs, move |at| at.quote(quote).map(|_| 1.0));
    assert_eq!(found, BTreeSet::from(["certificate"]));
}
