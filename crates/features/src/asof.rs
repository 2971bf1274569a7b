//! Backward look-up: the latest row known before a moment.

mod error;
mod found;
mod group;
mod history;
mod instants;
mod key;
mod sweep;

pub use error::{AsOfError, JoinSide};
pub use found::{Found, Matches};
pub use history::History;
pub use instants::{Instants, MaxAge};

/// For each row on the left, the last row on the right with the same key and an earlier instant.
///
/// A right row counts when its instant is *before* the left one: at the same nanosecond it is not known yet. Who wants
/// it asks at `t + 1`. There is no switch for that, and no nearest or forward look-up: both read rows that lie at or
/// after `t`, so a value made from them knows the future.
///
/// - **Shape:** one result a left row, in the order of the left rows, whatever that order is, duplicates included. A key
///   that the right side does not have is [`Found::NoHistory`]. Of right rows with the same key and instant the last in
///   right order wins; results depend on nothing else.
/// - **Order:** the right side ascends within each key, or altogether; every row of it is checked. The left side may
///   have any order; one that ascends is fastest.
/// - **Units:** nanoseconds since 1970 (before it negative), any `i64`; keys are instrument ids, or none on either side.
/// - **Point in time:** nothing at or after the left instant is read, and nothing older than `max_age` is handed out.
/// - **Cost:** one pass over both sides when the right one ascends altogether, after sorting the left one if it does not.
///   Otherwise an index of the right side, and from it a galloping search from where the key was last found: amortised
///   constant when left rows of a key ascend, else the logarithm of the distance. Keep a [`History`] to ask again.
///
/// # Errors
/// [`AsOfError::Unsorted`] with the first right row that is earlier than the one before it;
/// [`AsOfError::LengthMismatch`] when a side has not one key an instant; [`AsOfError::OneSidedKeys`];
/// [`AsOfError::TooManyRows`] on the right.
///
/// ```
/// use features::{Found, Instants, MaxAge, asof};
///
/// let quotes = Instants::keyed(&[7, 8, 7, 7], &[100, 100, 200, 200]);
/// let decisions = Instants::keyed(&[7, 7, 8, 9], &[201, 200, 900, 900]);
/// let found = asof(decisions, quotes, MaxAge::ns(500)?)?;
/// assert_eq!(
///     found.iter().collect::<Vec<_>>(),
///     [
///         Found::Row(3),      // the last of two at 200
///         Found::Row(0),      // what is stamped 200 is not known at 200
///         Found::Stale(1),    // 800 ns old
///         Found::NoHistory,   // nothing of instrument 9
///     ]
/// );
/// # Ok::<(), features::AsOfError>(())
/// ```
pub fn asof(
    left: Instants<'_>,
    right: Instants<'_>,
    max_age: MaxAge,
) -> Result<Matches, AsOfError> {
    left.check(JoinSide::Left)?;
    right.check(JoinSide::Right)?;
    match sweep::sweep(left, right, max_age) {
        Some(matches) => Ok(matches),
        None => History::try_new(right)?.look_up(left, max_age),
    }
}
