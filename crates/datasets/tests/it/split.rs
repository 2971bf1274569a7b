//! Splits and folds: the rules by hand, by brute force, against another package, and against splitters that leak.

mod brute;
mod cases;
mod cuts;
mod fold_cuts;
mod oracle;
mod peers;
mod refusals;
mod rules;
mod weights;
