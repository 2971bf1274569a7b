//! Functions of the engine whose answer would change by itself: of the clock without a moment, of chance always.

use crate::error::QueryError;
use arrow_schema::DataType;
use datafusion::error::Result;
use datafusion::execution::{FunctionRegistry as _, SessionState};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use std::sync::Arc;

/// Functions that ask the clock; the others of their kind are aliases of these.
const CLOCK: [&str; 3] = ["now", "current_date", "current_time"];
/// Functions that draw.
const CHANCE: [&str; 2] = ["random", "uuid"];

/// Takes away what a statement could not be asked again with.
pub(crate) fn restrict(state: &mut SessionState, has_clock: bool) {
    let clock = CLOCK.iter().filter(|_| !has_clock).map(|name| (*name, "clock"));
    for (name, asks) in clock.chain(CHANCE.map(|name| (name, "generator of random numbers"))) {
        let aliases = state.scalar_functions().get(name).map(|f| f.aliases().to_vec());
        let refused =
            Refused { name, asks, aliases: aliases.unwrap_or_default(), signature: any() };
        // The state of a statement takes every function.
        let _ = state.register_udf(Arc::new(ScalarUDF::new_from_impl(refused)));
    }
}

fn any() -> Signature {
    let forms = vec![TypeSignature::Nullary, TypeSignature::VariadicAny];
    Signature::one_of(forms, Volatility::Volatile)
}

/// Stands where the engine's function stood, so that the refusal names it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Refused {
    name: &'static str,
    asks: &'static str,
    aliases: Vec<String>,
    signature: Signature,
}

impl Refused {
    fn error(&self) -> QueryError {
        QueryError::NotRepeatable { function: self.name, asks: self.asks }
    }
}

impl ScalarUDFImpl for Refused {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _args: &[DataType]) -> Result<DataType> {
        Err(self.error().into())
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Err(self.error().into())
    }
}
