//! Exit codes: whose fault it was, as a number that scripts can rely on.

use contract::Fault;

/// How a run of the program ended.
///
/// The numbers are public interface; `hindsight explain exit-codes` prints them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// The work was done, or the reader of our standard output went away.
    Success,
    /// The environment failed: I/O, permission, network.
    Environment,
    /// The request cannot be understood: usage, configuration, spec, or the schema of an input.
    Input,
    /// The work was done and a gate says no.
    Gate,
    /// Nothing to do, only under `--fail-if-empty`.
    Nothing,
    /// An input ended early, or more rejects than allowed.
    Incomplete,
    /// Hash, seal or manifest mismatch, damaged acknowledged data.
    Integrity,
    /// Try again later: lock held, disk full, back-pressure.
    Retry,
    /// A defect of Hindsight itself.
    Bug,
    /// Stopped by SIGINT after a clean stop.
    Interrupted,
    /// Stopped by SIGTERM after a clean stop.
    Terminated,
}

impl Exit {
    /// Every way to end, in the order of the numbers.
    pub const ALL: &'static [Self] = &[
        Self::Success,
        Self::Environment,
        Self::Input,
        Self::Gate,
        Self::Nothing,
        Self::Incomplete,
        Self::Integrity,
        Self::Retry,
        Self::Bug,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that the process ends with.
    ///
    /// ```
    /// assert_eq!(hindsight::Exit::Incomplete.code(), 5);
    /// ```
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Environment => 1,
            Self::Input => 2,
            Self::Gate => 3,
            Self::Nothing => 4,
            Self::Incomplete => 5,
            Self::Integrity => 6,
            Self::Retry => 75,
            Self::Bug => 101,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The number as text.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Success => "0",
            Self::Environment => "1",
            Self::Input => "2",
            Self::Gate => "3",
            Self::Nothing => "4",
            Self::Incomplete => "5",
            Self::Integrity => "6",
            Self::Retry => "75",
            Self::Bug => "101",
            Self::Interrupted => "130",
            Self::Terminated => "143",
        }
    }

    /// What the number means, in one line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success; also when the reader of our standard output went away",
            Self::Environment => "the environment failed: I/O, permission, network",
            Self::Input => {
                "the request cannot be understood: usage, configuration, spec, or the schema of an input"
            }
            Self::Gate => "the work was done and a gate says no",
            Self::Nothing => "nothing to do, only under `--fail-if-empty`",
            Self::Incomplete => "incomplete: an input ended early, or more rejects than allowed",
            Self::Integrity => {
                "integrity: hash, seal or manifest mismatch, damaged acknowledged data"
            }
            Self::Retry => "try again later: lock held, disk full, back-pressure",
            Self::Bug => "a bug: a panic, or an error that declares itself one; please report it",
            Self::Interrupted => "stopped by SIGINT after a clean stop",
            Self::Terminated => "stopped by SIGTERM after a clean stop",
        }
    }

    /// The more telling of two ends: 130 and 143 first, then 101, 6, 75, 1, 2, 5, 3, 4, 0.
    ///
    /// ```
    /// use hindsight::Exit;
    /// assert_eq!(Exit::Incomplete.or(Exit::Integrity), Exit::Integrity);
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if other.rank() < self.rank() { other } else { self }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Interrupted => 0,
            Self::Terminated => 1,
            Self::Bug => 2,
            Self::Integrity => 3,
            Self::Retry => 4,
            Self::Environment => 5,
            Self::Input => 6,
            Self::Incomplete => 7,
            Self::Gate => 8,
            Self::Nothing => 9,
            Self::Success => 10,
        }
    }
}

impl From<Fault> for Exit {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Input => Self::Input,
            Fault::Environment { retry: false } => Self::Environment,
            Fault::Environment { retry: true } => Self::Retry,
            Fault::Gate => Self::Gate,
            Fault::Incomplete => Self::Incomplete,
            Fault::Integrity => Self::Integrity,
            // A fault that this program does not know is a defect of its own.
            _ => Self::Bug,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
